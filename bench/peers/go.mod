module fastcount/bench/peers

go 1.26
