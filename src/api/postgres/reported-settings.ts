/** ParameterStatus: the settings that drivers follow, told when a client comes in and whenever they change. */
import type { SqlSession } from "../../redshift/database.js";
import type { MessageWriter } from "./message-writer.js";

/** With the value that is told where the session has no setting of the name. The spelling is what drivers look for. */
const REPORTED: readonly (readonly [name: string, value: string])[] = [
  ["application_name", ""],
  ["client_encoding", "UTF8"],
  ["DateStyle", "ISO, MDY"],
  ["integer_datetimes", "on"],
  ["IntervalStyle", "postgres"],
  ["is_superuser", "on"],
  ["server_encoding", "UTF8"],
  // PostgreSQL's version that Redshift comes from: drivers compare it as a number.
  ["server_version", "8.0.2"],
  ["TimeZone", "UTC"],
  // Redshift's own. 0: values in text, unless asked for otherwise.
  ["server_protocol_version", "0"],
  ["datashare_enabled", "off"],
  ["external_database", "off"],
];

const SPELLINGS: ReadonlyMap<string, string> = new Map(REPORTED.map(([name]) => [name.toLowerCase(), name]));

export function reportSettings(session: SqlSession, writer: MessageWriter): void {
  const report = (name: string, value: string) => writer.begin("S").text(name).text(value.replaceAll("\0", "")).end();
  for (const [name, value] of REPORTED) report(name, session.setting(name.toLowerCase()) ?? value);
  report("session_authorization", session.user);
  session.onSetting((name, value) => {
    const spelling = SPELLINGS.get(name.toLowerCase());
    if (spelling !== undefined) report(spelling, value);
  });
}
