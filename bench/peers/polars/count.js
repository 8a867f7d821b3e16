// Polars with its lazy API and streaming engine: node count.js FILE...
// POLARS_MAX_THREADS is the number of threads. Without type inference, all columns
// are text, which is faster than parsing times and numbers.
import pl from 'nodejs-polars';

const frames = process.argv.slice(2).map((f) => pl.scanCSV(f, { inferSchemaLength: 0 }));
const answer = pl
  .concat(frames)
  .groupBy(['patient_id', 'event_type'])
  .agg(pl.len().alias('count'))
  .collectSync({ engine: 'streaming' });
for (const row of answer.rows()) console.log(row.join(','));
