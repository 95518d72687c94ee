package penstock;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/**
 * An unmodified JDBC driver against a running Penstock. Arguments: redshift or postgresql, host, port, password. Prints one line for each fact that
 * holds; stops at the first that does not.
 */
public final class SqlConformance {
  private SqlConformance() {}

  private static void fact(String text, boolean holds) {
    System.out.println((holds ? "holds: " : "does not hold: ") + text);
    if (!holds) System.exit(1);
  }

  private static List<String> column(ResultSet rows, String label) throws SQLException {
    List<String> values = new ArrayList<>();
    while (rows.next()) values.add(rows.getString(label));
    rows.close();
    return values;
  }

  public static void main(String[] arguments) throws Exception {
    String driver = arguments[0];
    String schema = "jdbc_" + driver;
    Properties properties = new Properties();
    properties.setProperty("user", "penstock");
    properties.setProperty("password", arguments[3]);
    if (driver.equals("redshift")) properties.setProperty("ssl", "false");
    String url = "jdbc:" + driver + "://" + arguments[1] + ":" + arguments[2] + "/penstock";
    try (Connection connection = DriverManager.getConnection(url, properties)) {
      fact("it is a valid connection", connection.isValid(5));
      statements(connection, schema);
      prepared(connection, schema);
      transactions(connection, schema);
      metadata(connection, schema);
    }
  }

  private static void statements(Connection connection, String schema) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("drop schema if exists " + schema + " cascade");
      statement.execute("create schema " + schema);
      statement.execute(
          "create table " + schema + ".orders (id integer not null distkey sortkey, name varchar(64), amount decimal(12, 2),"
              + " paid boolean, ordered date, arrived timestamp, ratio double precision, big bigint, primary key (id))");
      int inserted =
          statement.executeUpdate(
              "insert into " + schema + ".orders values"
                  + " (1, 'first', 10.50, true, '2026-01-31', '2026-01-31 10:30:00.25', 0.5, 9007199254740993), (2, null, null, null, null, null, null, null)");
      fact("the number of rows inserted is told", inserted == 2);
      ResultSet rows = statement.executeQuery("select * from " + schema + ".orders order by id");
      ResultSetMetaData about = rows.getMetaData();
      fact("columns have their types", about.getColumnType(3) == Types.NUMERIC && about.getPrecision(3) == 12 && about.getScale(3) == 2);
      fact("a varchar has its length", about.getColumnType(2) == Types.VARCHAR && about.getPrecision(2) == 64);
      rows.next();
      fact("decimals", rows.getBigDecimal("amount").equals(new BigDecimal("10.50")));
      fact("booleans", rows.getBoolean("paid"));
      fact("dates: " + rows.getDate("ordered"), rows.getDate("ordered").equals(Date.valueOf("2026-01-31")));
      fact("timestamps: " + rows.getTimestamp("arrived"), rows.getTimestamp("arrived").equals(Timestamp.valueOf("2026-01-31 10:30:00.25")));
      fact("doubles", rows.getDouble("ratio") == 0.5);
      fact("bigints", rows.getLong("big") == 9007199254740993L);
      rows.next();
      rows.getBigDecimal("amount");
      fact("NULLs", rows.wasNull());
      fact("and no more rows", !rows.next());
      try {
        statement.executeQuery("select * from no_such_table");
        fact("a missing table is an error", false);
      } catch (SQLException error) {
        fact("a missing table is 42P01: " + error.getMessage(), error.getSQLState().equals("42P01"));
      }
      statement.execute("select 1 as a; select 2 as b");
      ResultSet one = statement.getResultSet();
      one.next();
      fact("several statements in one text", one.getInt(1) == 1 && statement.getMoreResults());
    }
  }

  private static void prepared(Connection connection, String schema) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement("insert into " + schema + ".orders (id, name, amount, paid, ordered, ratio) values (?, ?, ?, ?, ?, ?)")) {
      for (int id = 10; id < 30; id++) {
        insert.setInt(1, id);
        insert.setString(2, "name " + id);
        insert.setBigDecimal(3, new BigDecimal(id).movePointLeft(1));
        insert.setBoolean(4, id % 2 == 0);
        insert.setDate(5, Date.valueOf("2026-02-01"));
        insert.setDouble(6, id / 4.0);
        insert.addBatch();
      }
      fact("a batch of inserts", insert.executeBatch().length == 20);
    }
    // From the fifth execution on, the drivers name the statement and ask for binary.
    try (PreparedStatement select = connection.prepareStatement("select name, amount, ratio, paid, ordered from " + schema + ".orders where id = ? and paid = ?")) {
      for (int round = 0; round < 8; round++) {
        select.setInt(1, 20);
        select.setBoolean(2, true);
        ResultSet row = select.executeQuery();
        row.next();
        boolean same =
            row.getString(1).equals("name 20")
                && row.getBigDecimal(2).compareTo(new BigDecimal("2.00")) == 0
                && row.getDouble(3) == 5.0
                && row.getDate(5).equals(Date.valueOf("2026-02-01"));
        if (!same) fact("execution " + round + " of a prepared statement", false);
      }
      fact("a prepared statement, executed again and again", true);
      fact("it knows its parameters", select.getParameterMetaData().getParameterCount() == 2);
    }
  }

  private static void transactions(Connection connection, String schema) throws SQLException {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.executeUpdate("delete from " + schema + ".orders");
      connection.rollback();
      ResultSet count = statement.executeQuery("select count(*) from " + schema + ".orders");
      count.next();
      fact("a rollback undoes a delete", count.getLong(1) == 22);
      connection.commit();
      statement.setFetchSize(1000);
      ResultSet many = statement.executeQuery("select generate_series(1, 25000) as n");
      long sum = 0;
      while (many.next()) sum += many.getLong(1);
      fact("rows in parts of a fetch size", sum == 312512500L);
      connection.commit();
    }
    connection.setAutoCommit(true);
  }

  private static void metadata(Connection connection, String schema) throws SQLException {
    DatabaseMetaData about = connection.getMetaData();
    fact("the product: " + about.getDatabaseProductName() + " " + about.getDatabaseProductVersion(), about.getDatabaseMajorVersion() == 8);
    fact("schemas", column(about.getSchemas(), "TABLE_SCHEM").contains(schema));
    fact("tables", column(about.getTables(null, schema, "%", new String[] {"TABLE"}), "TABLE_NAME").equals(List.of("orders")));
    fact(
        "columns",
        column(about.getColumns(null, schema, "orders", "%"), "COLUMN_NAME")
            .equals(List.of("id", "name", "amount", "paid", "ordered", "arrived", "ratio", "big")));
    ResultSet columns = about.getColumns(null, schema, "orders", "amount");
    columns.next();
    fact("a column's size and digits", columns.getInt("COLUMN_SIZE") == 12 && columns.getInt("DECIMAL_DIGITS") == 2);
    columns.close();
    fact("primary keys", column(about.getPrimaryKeys(null, schema, "orders"), "COLUMN_NAME").equals(List.of("id")));
    fact("imported keys", column(about.getImportedKeys(null, schema, "orders"), "FKCOLUMN_NAME").isEmpty());
    fact("types", column(about.getTypeInfo(), "TYPE_NAME").contains("int4"));
    fact("kinds of tables", column(about.getTableTypes(), "TABLE_TYPE").contains("TABLE"));
    try (Statement statement = connection.createStatement()) {
      statement.execute("create view " + schema + ".paid_orders as select id, name from " + schema + ".orders where paid");
    }
    fact("views", column(about.getTables(null, schema, "%", new String[] {"VIEW"}), "TABLE_NAME").equals(List.of("paid_orders")));
  }
}
