// Semantic search over a folder of text files: pieces of text and their vectors in one SQLite file, by sqlite-vec.
//   node search.js index FOLDER      embeds what is new or changed, forgets what is gone
//   node search.js find 'a question' the five nearest pieces
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import OpenAI from 'openai';
import { getLoadablePath } from 'sqlite-vec';

const DATABASE = process.env.SEARCH_DATABASE ?? 'search.db';
const ENDINGS = ['.md', '.txt'];
const PIECE_CHARACTERS = 1200;
const TEXTS_PER_REQUEST = 64;

const client = new OpenAI({
  baseURL: process.env.OPENAI_BASE_URL ?? 'http://127.0.0.1:30000/v1',
  apiKey: process.env.OPENAI_API_KEY ?? 'none',
});

/** One float32 vector per text, as bytes. What is looked for has an instruction before it, what is found has none. */
async function embed(texts, inputType) {
  const { data } = await client.embeddings.create({
    model: 'default',
    input: texts,
    input_type: inputType,
  });
  return data.map(({ embedding }) => new Uint8Array(new Float32Array(embedding).buffer));
}

/** Paragraphs, joined up to a size that a vector can stand for. */
function splitText(text) {
  const pieces = [''];
  for (const paragraph of text.split(/\n\s*\n/)) {
    if (pieces.at(-1).length + paragraph.length > PIECE_CHARACTERS && pieces.at(-1) !== '') pieces.push('');
    pieces.push(`${pieces.pop()}\n\n${paragraph}`.trim());
  }
  return pieces.filter((piece) => piece !== '');
}

function openDatabase() {
  const db = new Database(DATABASE);
  db.loadExtension(getLoadablePath());
  db.exec(`
    CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, digest TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS pieces (id INTEGER PRIMARY KEY, path TEXT NOT NULL, text TEXT NOT NULL);
  `);
  return db;
}

function forget(db, path) {
  for (const { id } of db.prepare('SELECT id FROM pieces WHERE path = ?').all(path))
    db.prepare('DELETE FROM vectors WHERE rowid = ?').run(BigInt(id));
  db.prepare('DELETE FROM pieces WHERE path = ?').run(path);
  db.prepare('DELETE FROM files WHERE path = ?').run(path);
}

async function addFile(db, path, { text, digest }) {
  const pieces = splitText(text);
  const vectors = [];
  for (let at = 0; at < pieces.length; at += TEXTS_PER_REQUEST)
    vectors.push(...(await embed(pieces.slice(at, at + TEXTS_PER_REQUEST), 'document')));
  // The table of vectors has the model's dimensions, which the first vector tells.
  if (vectors.length > 0)
    db.exec(
      `CREATE VIRTUAL TABLE IF NOT EXISTS vectors
       USING vec0(vector FLOAT[${vectors[0].byteLength / 4}] distance_metric=cosine)`,
    );
  db.transaction(() => {
    forget(db, path);
    db.prepare('INSERT OR REPLACE INTO files VALUES (?, ?)').run(path, digest);
    pieces.forEach((piece, i) => {
      const added = db.prepare('INSERT INTO pieces (path, text) VALUES (?, ?)').run(path, piece);
      db.prepare('INSERT INTO vectors (rowid, vector) VALUES (?, ?)').run(
        BigInt(added.lastInsertRowid),
        vectors[i],
      );
    });
  })();
  return pieces.length;
}

async function index(folder) {
  const db = openDatabase();
  const names = readdirSync(folder, { recursive: true })
    .filter((name) => ENDINGS.some((ending) => name.endsWith(ending)))
    .map((name) => join(folder, name));
  for (const { path } of db.prepare('SELECT path FROM files').all())
    if (!names.includes(path)) forget(db, path);
  for (const path of names) {
    const text = readFileSync(path, 'utf8');
    const digest = createHash('sha256').update(text).digest('hex');
    const known = db.prepare('SELECT digest FROM files WHERE path = ?').get(path);
    if (known?.digest === digest) console.log(`${path}: unchanged`);
    else console.log(`${path}: ${await addFile(db, path, { text, digest })} pieces`);
  }
  db.close();
}

async function find(question) {
  const db = openDatabase();
  if (db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'vectors'").get() === undefined) {
    console.error('nothing is indexed yet: node search.js index FOLDER');
    process.exitCode = 1;
    return;
  }
  const [vector] = await embed([question], 'query');
  const rows = db
    .prepare(
      `SELECT path, text, distance FROM vectors JOIN pieces ON id = vectors.rowid
       WHERE vector MATCH ? AND k = 5 ORDER BY distance`,
    )
    .all([vector]);
  for (const { path, text, distance } of rows)
    console.log(`${(1 - distance).toFixed(3)}  ${path}: ${text.slice(0, 80).replaceAll('\n', ' ')}`);
  db.close();
}

const [command, argument] = process.argv.slice(2);
if (command === 'index' && argument !== undefined) await index(argument);
else if (command === 'find' && argument !== undefined) await find(argument);
else {
  console.error("node search.js index FOLDER\nnode search.js find 'a question'");
  process.exitCode = 2;
}
