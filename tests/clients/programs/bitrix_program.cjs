// What a script with @2bad/bitrix does: prints JSON of what it got. Run with NODE_PATH at that client's node_modules.
const { Bitrix } = require("@2bad/bitrix");

const failure = (promise) => promise.then(() => "no failure", (error) => `${error.response?.statusCode ?? ""} ${error.message}`.trim());

(async () => {
  const client = Bitrix(process.argv[2].replace(/\/$/, ""));
  const all = await client.list("user.get", { select: ["ID"] });
  const found = {
    all: all.result.map((one) => one.ID),
    filtered: (await client.list("user.get", { filter: { ">=ID": 30, "<ID": 95 }, order: { ID: "DESC" } })).result.map((one) => one.ID),
    one: (await client.users.get(2)).result,
    named: (await client.batch({ me: { method: "user.current" }, departments: { method: "department.get", params: { sort: "NAME" } } })).result,
    listed: (await client.batch([{ method: "server.time" }, { method: "profile" }])).result.result,
    opened: (await client.call("timeman.open", {})).result.STATUS,
    closed: (await client.call("timeman.close", {})).result.STATUS,
    unknownFilter: await failure(client.call("user.get", { filter: { NOPE: 1 } })),
    unknownMethod: await failure(client.call("no.such.method", {})),
    failingBatch: await failure(client.batch({ a: { method: "no.such.method" } })),
  };
  console.log(JSON.stringify(found));
})().catch((error) => { console.error(error); process.exit(1); });
