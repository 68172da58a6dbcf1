package app

// CountyDir is a copy of the county that is seeded once for all tests.
var CountyDir = countyDir

// ReadConfig reads a configuration file.
var ReadConfig = loadConfig
