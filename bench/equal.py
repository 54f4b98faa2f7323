"""The transaction that pgbench plays: what one message costs the database itself, in two round trips.

One statement reads contact and conversation by the address's hash; one writes the message, the conversation and the
answer's outbox row. Columns, sizes and indexes are those of the hub's own tables.
"""

from pathlib import Path

from bench.postgres import Postgres

ROWS = 10_000

SCHEMA = f"""
CREATE TABLE bench_contacts (id text PRIMARY KEY, form text, consent text, opted_out boolean, last_inbound_at bigint);
CREATE TABLE bench_addresses (id text PRIMARY KEY, contact_id text NOT NULL, lookup bytea NOT NULL UNIQUE);
CREATE TABLE bench_conversations (contact_id text, channel text, state_enc bytea, silent_at bigint, updated_at bigint,
  PRIMARY KEY (contact_id, channel));
CREATE TABLE bench_inbound (id text PRIMARY KEY, channel text NOT NULL, external_id text NOT NULL,
  contact_id text NOT NULL, received_at bigint, text_enc bytea, answer_enc bytea, intent text, understood text,
  UNIQUE (channel, external_id));
CREATE INDEX ON bench_inbound (contact_id, received_at);
CREATE TABLE bench_outbox (id text PRIMARY KEY, contact_id text NOT NULL, channel text NOT NULL, kind text,
  lane smallint, part_enc bytea, state text, external_id text, source text, created_at bigint, due_at bigint,
  expires_at bigint);
CREATE INDEX ON bench_outbox (channel, state, lane, due_at);
CREATE INDEX ON bench_outbox (contact_id, state);
CREATE INDEX ON bench_outbox (channel, external_id);
CREATE INDEX ON bench_outbox (source);
INSERT INTO bench_contacts SELECT 'c' || n, 'fr', 'given', false, 0 FROM generate_series(1, {ROWS}) n;
INSERT INTO bench_addresses SELECT 'a' || n, 'c' || n, decode(md5(n::text), 'hex') FROM generate_series(1, {ROWS}) n;
INSERT INTO bench_conversations SELECT 'c' || n, 'tw', decode(repeat('ab', 300), 'hex'), NULL, 0
  FROM generate_series(1, {ROWS}) n;
ANALYZE;
"""  # noqa: S608 (a number of our own)

SCRIPT = f"""\\set n random(1, {ROWS})
\\set a random(1, 1000000000000)
SELECT c.id, c.form, c.consent, c.opted_out, c.last_inbound_at, v.state_enc, v.updated_at
FROM bench_addresses a JOIN bench_contacts c ON c.id = a.contact_id
LEFT JOIN bench_conversations v ON v.contact_id = c.id AND v.channel = 'tw'
WHERE a.lookup = decode(md5((:n)::bigint::text), 'hex');
WITH written AS (INSERT INTO bench_inbound VALUES ('i' || (:a)::bigint, 'tw', 'SM' || (:a)::bigint,
    'c' || (:n)::bigint, 1, decode(repeat('cd', 32), 'hex'), decode(repeat('ef', 250), 'hex'), 'menu', 'keyword')),
  kept AS (UPDATE bench_conversations SET state_enc = decode(repeat('ac', 300), 'hex'), updated_at = updated_at + 1
    WHERE contact_id = 'c' || (:n)::bigint AND channel = 'tw')
INSERT INTO bench_outbox VALUES ('o' || (:a)::bigint, 'c' || (:n)::bigint, 'tw', 'reply', 2,
  decode(repeat('ef', 250), 'hex'), 'answered', NULL, NULL, 1, 1, 1);
"""  # noqa: S608 (a number of our own)


def prepare(server: Postgres, folder: Path) -> Path:
    """Make the tables; returns pgbench's script."""
    import psycopg  # noqa: PLC0415 (beside its one use)

    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(SCHEMA.encode())
    script = folder / "equal.sql"
    script.write_text(SCRIPT)
    folder.chmod(0o755)
    script.chmod(0o644)
    return script


def run(server: Postgres, script: Path, connections: int, seconds: int) -> tuple[float, float]:
    """Transactions a second and mean milliseconds of one."""
    said = server.pgbench(
        "-n", "-M", "prepared", "-c", str(connections), "-j", "2", "-T", str(seconds), "-f", str(script)
    )  # fmt: skip
    rate = next(line.split()[2] for line in said.splitlines() if line.startswith("tps = "))
    latency = next(line.split()[3] for line in said.splitlines() if line.startswith("latency average"))
    return float(rate), float(latency)
