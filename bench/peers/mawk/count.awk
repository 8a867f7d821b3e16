# mawk -F, -f count.awk FILE...: knows no quotes, and takes the first and the third column on trust.
FNR > 1 { n[$1 FS $3]++ }
END { for (pair in n) printf "%s,%d\n", pair, n[pair] }
