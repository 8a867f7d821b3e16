package isotime

// IsUsual is isUsual.
func IsUsual(value string) bool {
	var v [Slack]byte
	return isUsual(&v, uint32(copy(v[:], value)))
}
