package plan

// ScanEvery is Scan with cuts that are at least a number of bytes apart.
var ScanEvery = scan
