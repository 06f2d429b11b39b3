"""The tables of a history: where the follower stands, what stands now, and small sums for each day."""

LAYOUT = "3"
"""A history of another layout is made anew."""

TABLES = """
create table if not exists meta(name text primary key, value) without rowid;
create table if not exists places(key integer primary key, stage text not null, since integer not null);
create table if not exists crowd(stage text primary key, n integer not null) without rowid;
create table if not exists moved(key integer primary key, home integer not null);
create index if not exists moved_home on moved(home);
create table if not exists flows(
  day integer, source text, target text, n integer not null, primary key(day, source, target)
) without rowid;
create table if not exists stays(
  stage text, length integer, n integer not null, total integer not null, primary key(stage, length)
) without rowid;
create table if not exists counts(
  campaign text, day integer, what text, reason text, n integer not null, primary key(campaign, day, what, reason)
) without rowid;
create table if not exists latest(campaign text primary key, at integer not null) without rowid;
create table if not exists steps(
  campaign text, step text, arm text, what text, n integer not null, primary key(campaign, step, arm, what)
) without rowid;
create table if not exists runs(
  id text primary key, key integer not null, campaign text not null, entered integer not null, held integer not null,
  arm text not null, step text not null, goal integer, value real, ended integer, reason text not null
) without rowid;
create index if not exists runs_of on runs(key);
create index if not exists runs_by on runs(campaign);
create table if not exists under_way(
  campaign text, step text, n integer not null, primary key(campaign, step)
) without rowid;
create table if not exists messages(
  id text primary key, key integer not null, run text not null, campaign text not null, step text not null, arm text not null,
  channel text not null, template text not null, class text not null, planned integer not null, state text not null,
  reason text not null, at integer not null, sent integer, delivered integer, opened integer, clicked integer,
  unsubscribed integer
) without rowid;
create index if not exists messages_of on messages(key, planned);
create index if not exists messages_at on messages(planned);
create index if not exists messages_by on messages(campaign, planned);
create index if not exists messages_as on messages(campaign, state, planned);
create index if not exists messages_with on messages(template, planned);
create index if not exists messages_in on messages(state, planned);
create table if not exists tasks(
  id text primary key, key integer not null, campaign text not null, step text not null, queue text not null,
  opened integer not null, due integer not null, state text not null, reason text not null, at integer not null
) without rowid;
create table if not exists transitions(
  seq integer, key integer not null, at integer not null, source text not null, target text not null, cause text not null,
  since integer not null, primary key(seq, at, target)
);
create index if not exists transitions_at on transitions(at);
create table if not exists dead_letters(
  seq integer primary key, key integer not null, at integer not null, cause text not null
);
create table if not exists events(
  seq integer primary key, key integer not null, at integer not null, name text not null, stage text not null,
  own integer not null, properties text not null
);
create table if not exists segments(
  file text primary key, first integer not null, last integer not null, since integer not null, until integer not null,
  n integer not null
) without rowid;
"""
"""Times are integer milliseconds, days UTC days since 1970. `events` are the newest, that no segment holds yet."""
