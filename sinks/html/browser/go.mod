module fastcount/sinks/html/browser

go 1.26
