# R's data.table: Rscript count.R FILE... THREADS is the number of threads. Reads
# only the two columns.
library(data.table)
setDTthreads(as.integer(Sys.getenv("THREADS", "1")))

columns <- c("patient_id", "event_type")
count <- function(path) fread(path, select = columns, showProgress = FALSE)[, .N, by = columns]
counts <- rbindlist(lapply(commandArgs(trailingOnly = TRUE), count))[, .(N = sum(N)), by = columns]
fwrite(counts, col.names = FALSE)
