"""Python's SQL clients, unmodified, against a running Penstock: `python3 clients.py <client> <host> <port> <password>`.

The client is redshift_connector, psycopg2, psycopg or sqlalchemy. Prints one line for each fact that holds; stops at the first that does
not. Exits with 77 where the client is not installed.
"""

import datetime
import decimal
import sys

CLIENT, HOST, PORT, PASSWORD = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
SCHEMA = f"py_{CLIENT}"
TABLE = f"{SCHEMA}.orders"
ROWS = [
    (1, "first", decimal.Decimal("10.50"), True, datetime.date(2026, 1, 31), datetime.datetime(2026, 1, 31, 10, 30, 0, 250000)),
    (2, "the second, in quotes: 'x'", decimal.Decimal("-0.05"), False, datetime.date(1999, 12, 31), datetime.datetime(1999, 12, 31, 23, 59, 59)),
    (3, "grün", None, None, None, None),
]
CREATE = f"""
create table {TABLE} (
  id integer not null distkey sortkey, name varchar(64) encode zstd, amount decimal(12, 2), paid boolean, ordered date, arrived timestamp,
  primary key (id))"""


def fact(text, holds):
    if not holds:
        print("does not hold: " + text)
        sys.exit(1)
    print("holds: " + text)


def missing(error):
    print(f"{CLIENT} is not installed ({error})")
    sys.exit(77)


def db_api(connect, error_class, state_of, mark):
    """What PEP 249 promises, with the types and errors of the wire; `mark` is the driver's place for a parameter."""
    connection = connect()
    cursor = connection.cursor()
    cursor.execute(f"drop schema if exists {SCHEMA} cascade")
    cursor.execute(f"create schema {SCHEMA}")
    cursor.execute(CREATE)
    connection.commit()
    fact("a schema and a table with Redshift's attributes are made and committed", True)

    cursor.executemany(f"insert into {TABLE} values ({', '.join([mark] * 6)})", ROWS)
    connection.commit()
    cursor.execute(f"select * from {TABLE} order by id")
    found = [tuple(row) for row in cursor.fetchall()]
    fact(f"values of each type come back as they went: {found}", found == ROWS)
    names = [column[0].decode() if isinstance(column[0], bytes) else column[0] for column in cursor.description]
    fact("columns are named", names == ["id", "name", "amount", "paid", "ordered", "arrived"])

    cursor.execute(f"select name from {TABLE} where id = {mark} and paid = {mark}", (1, True))
    fact("parameters are bound", [tuple(row) for row in cursor.fetchall()] == [("first",)])
    cursor.execute(f"update {TABLE} set amount = amount * 2 where id = {mark}", (1,))
    fact("the number of rows changed is told", cursor.rowcount == 1)
    connection.rollback()
    cursor.execute(f"select amount from {TABLE} where id = 1")
    fact("a rollback undoes it", cursor.fetchone()[0] == decimal.Decimal("10.50"))

    try:
        cursor.execute("select * from no_such_table")
        fact("a missing table is an error", False)
    except error_class as error:
        fact(f"a missing table is 42P01: {error}", state_of(error) == "42P01")
    try:
        cursor.execute("select 1")
        fact("a transaction that failed takes nothing more", False)
    except error_class as error:
        fact("a transaction that failed takes nothing more", state_of(error) == "25P02")
    connection.rollback()

    cursor.execute("select sum(n)::bigint, count(*) from (select generate_series(1, 20000) as n) numbers")
    fact("sums and counts come as whole numbers", tuple(cursor.fetchone()) == (200010000, 20000))
    cursor.execute("select generate_series(1, 50000) as n")
    taken = 0
    while True:
        rows = cursor.fetchmany(7000)
        if not rows:
            break
        taken += len(rows)
    fact("many rows are fetched in parts", taken == 50000)
    cursor.execute("select current_database(), current_schema(), version()")
    database, schema, version = cursor.fetchone()
    fact(f"it says what it is: {version}", database == "penstock" and schema == "public" and "Redshift" in version)
    connection.commit()
    return connection, cursor


def redshift_connector_client():
    try:
        import redshift_connector as driver
    except ImportError as error:
        missing(error)

    def connect():
        return driver.connect(host=HOST, port=PORT, database="penstock", user="penstock", password=PASSWORD, ssl=False)

    def state_of(error):
        return error.args[0]["C"]

    connection, cursor = db_api(connect, driver.ProgrammingError, state_of, "%s")
    cursor.execute("select json_parse('{\"a\": [1, 2]}') as document, 'x'::char(3) as letters, 1.5::float4 as small")
    row = cursor.fetchone()
    fact(f"SUPER comes as JSON: {row}", row[0].replace(" ", "") == '{"a":[1,2]}')
    tables = cursor.get_tables(schema_pattern=SCHEMA)
    fact(f"get_tables lists the table: {tables}", any(row[2] == "orders" for row in tables))
    columns = cursor.get_columns(schema_pattern=SCHEMA, tablename_pattern="orders")
    fact("get_columns lists its columns in order", [row[3] for row in columns] == ["id", "name", "amount", "paid", "ordered", "arrived"])
    keys = cursor.get_primary_keys(schema=SCHEMA, table="orders")
    fact(f"get_primary_keys knows the key: {keys}", [row[3] for row in keys] == ["id"])
    schemas = [row[0] for row in cursor.get_schemas()]
    fact("get_schemas lists the schema", SCHEMA in schemas and "public" in schemas)
    connection.close()


def psycopg2_client():
    try:
        import psycopg2 as driver
    except ImportError as error:
        missing(error)

    def connect():
        return driver.connect(host=HOST, port=PORT, dbname="penstock", user="penstock", password=PASSWORD, sslmode="prefer")

    connection, cursor = db_api(connect, driver.Error, lambda error: error.pgcode, "%s")
    named = connection.cursor("reader")
    named.itersize = 1000
    named.execute("select generate_series(1, 5000) as n")
    fact("a named cursor reads through DECLARE and FETCH", sum(row[0] for row in named) == 12502500)
    named.close()
    connection.commit()
    connection.set_session(autocommit=True)
    cursor.execute(f"truncate {TABLE}")
    cursor.execute(f"select count(*) from {TABLE}")
    fact("TRUNCATE empties the table", cursor.fetchone()[0] == 0)
    connection.close()


def psycopg_client():
    try:
        import psycopg as driver
    except ImportError as error:
        missing(error)

    def connect():
        return driver.connect(host=HOST, port=PORT, dbname="penstock", user="penstock", password=PASSWORD)

    connection, cursor = db_api(connect, driver.Error, lambda error: error.sqlstate, "%s")
    binary = connection.cursor(binary=True)
    binary.execute(f"select * from {TABLE} order by id")
    found = [tuple(row) for row in binary.fetchall()]
    fact(f"the same values in binary: {found}", found == ROWS)
    binary.execute("select %s::smallint, %s::bigint, %s::float8, %s::text", (7, 2**40, 2.5, "text"))
    fact("parameters in binary", tuple(binary.fetchone()) == (7, 2**40, 2.5, "text"))
    with connection.pipeline():
        first = connection.execute("select 1")
        second = connection.execute("select 2")
        fact("a pipeline answers in order", (first.fetchone(), second.fetchone()) == ((1,), (2,)))
    connection.commit()
    connection.close()


def sqlalchemy_client():
    try:
        import sqlalchemy as sa
        import sqlalchemy_redshift  # noqa: F401
        import redshift_connector  # noqa: F401
    except ImportError as error:
        missing(error)
    from sqlalchemy.orm import Session, declarative_base

    url = sa.engine.URL.create("redshift+redshift_connector", "penstock", PASSWORD, HOST, PORT, "penstock")
    engine = sa.create_engine(url, connect_args={"ssl": False})
    with engine.begin() as connection:
        connection.execute(sa.text(f"drop schema if exists {SCHEMA} cascade"))
        connection.execute(sa.text(f"create schema {SCHEMA}"))

    Base = declarative_base(metadata=sa.MetaData(schema=SCHEMA))

    class Order(Base):
        __tablename__ = "orders"
        __table_args__ = {"redshift_diststyle": "KEY", "redshift_distkey": "id", "redshift_sortkey": ("ordered", "id")}
        id = sa.Column(sa.Integer, primary_key=True, autoincrement=False)
        name = sa.Column(sa.String(64), nullable=False)
        amount = sa.Column(sa.Numeric(12, 2))
        ordered = sa.Column(sa.Date)

    Base.metadata.create_all(engine)
    fact("tables are made from models, with keys", True)
    with Session(engine) as session:
        session.add_all(Order(id=row[0], name=row[1], amount=row[2], ordered=row[4]) for row in ROWS)
        session.commit()
        names = session.scalars(sa.select(Order.name).where(Order.amount > 0).order_by(Order.id)).all()
        fact("objects are stored and found", names == ["first"])
        total = session.scalar(sa.select(sa.func.sum(Order.amount)))
        fact("sums are decimals", total == decimal.Decimal("10.45"))

    inspector = sa.inspect(engine)
    fact("schemas are listed", SCHEMA in inspector.get_schema_names())
    fact("tables are listed", inspector.get_table_names(schema=SCHEMA) == ["orders"])
    columns = {column["name"]: column for column in inspector.get_columns("orders", schema=SCHEMA)}
    fact(f"columns are reflected: {columns}", list(columns) == ["id", "name", "amount", "ordered"])
    fact("types are reflected", str(columns["amount"]["type"]) == "NUMERIC(12, 2)" and columns["name"]["type"].length == 64)
    fact("NOT NULL is reflected", columns["name"]["nullable"] is False and columns["amount"]["nullable"] is True)
    key = inspector.get_pk_constraint("orders", schema=SCHEMA)
    fact(f"the primary key is reflected: {key}", key["constrained_columns"] == ["id"])
    options = inspector.get_table_options("orders", schema=SCHEMA)
    fact(f"distribution and sort keys are reflected: {options}", options["redshift_distkey"] == "id")
    with engine.begin() as connection:
        connection.execute(sa.text(f"create view {SCHEMA}.big as select id, name from {TABLE} where amount > 1"))
    fact("views are listed", sa.inspect(engine).get_view_names(schema=SCHEMA) == ["big"])
    definition = sa.inspect(engine).get_view_definition("big", schema=SCHEMA)
    fact(f"a view's text is there: {definition}", "amount > 1" in definition)
    table = sa.Table("orders", sa.MetaData(), schema=SCHEMA, autoload_with=engine)
    with engine.connect() as connection:
        fact("a reflected table is read", len(connection.execute(sa.select(table)).all()) == 3)
    engine.dispose()


{
    "redshift_connector": redshift_connector_client,
    "psycopg2": psycopg2_client,
    "psycopg": psycopg_client,
    "sqlalchemy": sqlalchemy_client,
}[CLIENT]()
