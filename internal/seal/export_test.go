package seal

// HexOf is how digests stand in records.
var HexOf = hexOf
