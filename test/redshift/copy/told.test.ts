import { expect, test } from "vitest";
import { openLoadWorld } from "./fixture.js";

const COPY = "COPY t FROM 's3://data/in/a.csv' IAM_ROLE default CSV";

async function worldWithFile() {
  const world = await openLoadWorld();
  await world.put("in/a.csv", "1\n2\n");
  await world.run("CREATE TABLE t (id int)");
  return world;
}

test("a load is told when it is committed, with its rows", async () => {
  const world = await worldWithFile();
  world.session.beginImplicit();
  await world.run(COPY);
  expect(world.loads).toEqual([]);
  await world.session.endImplicit("commit");
  expect(world.loads).toMatchObject([{ status: "completed", rowsLoaded: 2 }]);
  await world.run(COPY);
  expect(world.loads).toHaveLength(2);
});

test("a load that was rolled back before it was told is told as failed", async () => {
  const world = await worldWithFile();
  world.session.beginImplicit();
  await world.run(COPY);
  await world.session.endImplicit("rollback");
  expect(world.loads).toMatchObject([{ status: "failed", rowsLoaded: 0, files: [{ rowsLoaded: 0 }] }]);
  expect(await world.rows("SELECT count(*) FROM t")).toEqual(["0"]);
});

test("within a transaction a load is told at once, as Redshift's logs are no part of it", async () => {
  const world = await worldWithFile();
  await world.run(`BEGIN; ${COPY}`);
  expect(world.loads).toMatchObject([{ status: "completed", rowsLoaded: 2 }]);
  await world.run("ROLLBACK");
  expect(world.loads).toHaveLength(1);
});

test("the next statement of the same message finds the load in the logs", async () => {
  const world = await worldWithFile();
  world.session.beginImplicit();
  await world.run(COPY);
  await world.run("SELECT 1");
  expect(world.loads).toHaveLength(1);
  await world.session.endImplicit("commit");
  expect(world.loads).toHaveLength(1);
});
