import com.pgvector.PGbit;
import com.pgvector.PGhalfvec;
import com.pgvector.PGsparsevec;
import com.pgvector.PGvector;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** JDBC with pgvector-java.  Each method below is a test; the first that fails ends the program. */
public class JdbcTest {
  static final Map<Integer, float[]> ROWS =
      new TreeMap<>(Map.of(1, new float[] {1, 2, 3}, 2, new float[] {1, 1, 1}, 3, new float[] {0, -2.5f, 4}));
  static final Map<Integer, String> BITS = Map.of(1, "101", 2, "111", 3, "010");
  static final float[] QUERY = {1, 2, 2};

  interface Distance { double of(float[] a, float[] b); }
  record Metric(String op, String name, Distance distance) {}
  interface Term { double of(double x, double y); }

  static double sum(float[] a, float[] b, Term term) {
    double total = 0;
    for (int i = 0; i < a.length; i++) total += term.of(a[i], b[i]);
    return total;
  }
  static double dot(float[] a, float[] b) { return sum(a, b, (x, y) -> x * y); }

  static final List<Metric> METRICS = List.of(
      new Metric("<->", "l2", (a, b) -> Math.sqrt(sum(a, b, (x, y) -> (x - y) * (x - y)))),
      new Metric("<#>", "ip", (a, b) -> -dot(a, b)),
      new Metric("<=>", "cosine", (a, b) -> 1 - dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))),
      new Metric("<+>", "l1", (a, b) -> sum(a, b, (x, y) -> Math.abs(x - y))));

  static void check(boolean holds, String what) {
    if (!holds) throw new AssertionError(what);
  }

  static Connection connect(String options) throws SQLException {
    String url = String.format("jdbc:postgresql://%s:%s/%s?user=%s&password=%s%s", System.getenv("PGHOST"), System.getenv("PGPORT"),
        System.getenv("PGDATABASE"), System.getenv("PGUSER"), System.getenv("PGPASSWORD"), options);
    Connection connection = DriverManager.getConnection(url);
    PGvector.registerTypes(connection);
    return connection;
  }

  static void run(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) { statement.execute(sql); }
  }

  static void fill(Connection connection) throws SQLException {
    run(connection, "DROP TABLE IF EXISTS items");
    run(connection, "CREATE TABLE items (id int PRIMARY KEY, v vector(3), h halfvec(3), b bit(3), s sparsevec(3))");
    try (PreparedStatement insert = connection.prepareStatement("INSERT INTO items VALUES (?, ?, ?, ?, ?)")) {
      for (var row : ROWS.entrySet()) {
        insert.setInt(1, row.getKey());
        insert.setObject(2, new PGvector(row.getValue()));
        insert.setObject(3, new PGhalfvec(row.getValue()));
        insert.setObject(4, new PGbit(BITS.get(row.getKey())));
        insert.setObject(5, new PGsparsevec(row.getValue()));
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  static void valuesBothWays(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement(); ResultSet found = statement.executeQuery("SELECT * FROM items")) {
      int count = 0;
      while (found.next()) {
        float[] row = ROWS.get(found.getInt(1));
        check(Arrays.equals(((PGvector) found.getObject(2)).toArray(), row), "vector");
        check(Arrays.equals(((PGhalfvec) found.getObject(3)).toArray(), row), "halfvec");
        check(found.getString(4).equals(BITS.get(found.getInt(1))), "bit");
        check(Arrays.equals(((PGsparsevec) found.getObject(5)).toArray(), row), "sparsevec");
        count++;
      }
      check(count == 3, "three rows");
    }
  }

  static void distancesByScanAndByIndex(Connection connection) throws SQLException {
    Map<String, Object> queries = Map.of("v", new PGvector(QUERY), "h", new PGhalfvec(QUERY), "s", new PGsparsevec(QUERY));
    Map<String, String> kinds = Map.of("v", "vector", "h", "halfvec", "s", "sparsevec");
    for (String method : new String[] {"", "hnsw", "ivfflat"}) {
      for (Metric metric : METRICS) {
        for (String column : queries.keySet()) {
          if (method.equals("ivfflat") && (metric.name.equals("l1") || column.equals("s"))) continue;
          if (!method.isEmpty()) {
            run(connection, "DROP INDEX IF EXISTS i");
            run(connection, String.format("CREATE INDEX i ON items USING %s (%s %s_%s_ops) %s", method, column, kinds.get(column),
                metric.name, method.equals("ivfflat") ? "WITH (lists = 1)" : ""));
            run(connection, "SET enable_seqscan = off");
          }
          String sql = String.format("SELECT id, %s %s ? FROM items ORDER BY %s %s ? LIMIT 5", column, metric.op, column, metric.op);
          try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setObject(1, queries.get(column));
            statement.setObject(2, queries.get(column));
            for (int i = 0; i < 6; i++) {  // from the fifth on it is prepared in the server, and binary
              List<Integer> ids = new ArrayList<>();
              try (ResultSet found = statement.executeQuery()) {
                while (found.next()) {
                  ids.add(found.getInt(1));
                  check(Math.abs(found.getDouble(2) - metric.distance.of(ROWS.get(found.getInt(1)), QUERY)) < 1e-5, sql);
                }
              }
              List<Integer> expected = new ArrayList<>(ROWS.keySet());
              expected.sort(Comparator.comparing(id -> metric.distance.of(ROWS.get(id), QUERY)));
              check(ids.equals(expected), method + " " + sql + ": " + ids);
            }
          }
        }
      }
    }
  }

  static void errorsArriveWithTheirCode(Connection connection) throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement("INSERT INTO items (id, v) VALUES (9, ?)")) {
      insert.setObject(1, new PGvector(new float[] {1, 2}));
      insert.executeUpdate();
      check(false, "no error");
    } catch (SQLException error) {
      check(error.getSQLState().equals("22000") && error.getMessage().contains("expected 3 dimensions, not 2"), error.getMessage());
    }
  }

  public static void main(String[] arguments) throws SQLException {
    int tests = 0;
    for (String options : new String[] {"", "&preferQueryMode=simple", "&prepareThreshold=1"}) {
      try (Connection connection = connect(options)) {
        fill(connection);
        valuesBothWays(connection);
        distancesByScanAndByIndex(connection);
        errorsArriveWithTheirCode(connection);
        tests += 3;
      }
    }
    System.out.println(tests + " tests passed");
  }
}
