package notice

// Local is local.
var Local = local
