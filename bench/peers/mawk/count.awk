# mawk -F, -f count.awk FILE...: does not support quotes, and assumes that the names
# are in the first and the third column.
FNR > 1 { n[$1 FS $3]++ }
END { for (pair in n) printf "%s,%d\n", pair, n[pair] }
