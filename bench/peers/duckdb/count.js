// DuckDB: node count.js auto|varchar FILE... THREADS is the number of threads.
// "varchar" declares all columns as text, so that DuckDB need not detect the dialect
// or parse times and numbers.
import { DuckDBInstance } from '@duckdb/node-api';

const [form, ...files] = process.argv.slice(2);
const list = files.map((f) => `'${f.replaceAll("'", "''")}'`).join(', ');
const explicit = `, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', columns = {
  'patient_id': 'VARCHAR', 'event_time': 'VARCHAR', 'event_type': 'VARCHAR', 'value': 'VARCHAR'}`;

const instance = await DuckDBInstance.create(':memory:', { threads: process.env.THREADS ?? '1' });
const connection = await instance.connect();
const answer = await connection.runAndReadAll(`
  SELECT patient_id, event_type, count(*) FROM read_csv([${list}]${form === 'varchar' ? explicit : ''})
  GROUP BY ALL`);
for (const row of answer.getRows()) console.log(row.join(','));
