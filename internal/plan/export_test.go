package plan

// ScanEvery is Scan with boundaries that are at least a number of bytes apart.
var ScanEvery = scan
