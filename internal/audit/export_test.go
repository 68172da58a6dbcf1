package audit

// Statements are the ways along which entries are read.
var Statements = statements
