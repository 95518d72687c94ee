import { request as httpRequest } from "node:http";
import { connect } from "node:http2";
import { Readable } from "node:stream";
import { CreateBucketCommand, GetObjectCommand, ListBucketsCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { expect, test } from "vitest";
import { decodeChunked } from "../../../src/api/s3/aws-chunked.js";
import { readAddress } from "../../../src/api/s3/request.js";
import { signatureCheck } from "../../../src/api/s3/sigv4.js";
import { type Clock, systemClock } from "../../../src/core/clock.js";
import { bytesOf, openS3Door, type S3Door, type S3DoorOptions } from "./s3-door.js";

const Bucket = "own";
const SECRET = "a secret of hers";
const ANA = { accessKeyId: "ana", secretAccessKey: SECRET };
const STRANGE_KEY = "a b/ü+(x)!*'~=&?#%41//../.e";

async function guarded(options: S3DoorOptions = {}): Promise<S3Door> {
  const door = await openS3Door({
    credentials: [{ name: "ana", secret: SECRET }],
    client: { credentials: ANA },
    ...options,
  });
  await door.client.send(new CreateBucketCommand({ Bucket }));
  return door;
}

test("with credentials, requests that are signed with them are answered, and no others", async () => {
  const door = await guarded();
  await door.client.send(
    new PutObjectCommand({ Bucket, Key: STRANGE_KEY, Body: "strange", Metadata: { a: "two  blanks" } }),
  );
  const { Body } = await door.client.send(new GetObjectCommand({ Bucket, Key: STRANGE_KEY }));
  expect(await Body!.transformToString()).toBe("strange");
  const list = (credentials: typeof ANA) => door.clientWith({ credentials }).send(new ListBucketsCommand({}));
  await expect(list({ ...ANA, secretAccessKey: "guessed" })).rejects.toMatchObject({ name: "SignatureDoesNotMatch" });
  await expect(list({ ...ANA, accessKeyId: "bob" })).rejects.toMatchObject({ name: "InvalidAccessKeyId" });
  expect(await door.raw({ path: "/" })).toMatchObject({ status: 403, code: "AccessDenied" });
  expect(await door.raw({ path: "/", headers: { authorization: "AWS ana:x" } })).toMatchObject({
    code: "InvalidRequest",
  });
  expect(await door.raw({ method: "PUT", path: `/${Bucket}/k`, body: "x" })).toMatchObject({ code: "AccessDenied" });
  expect(door.errors).toEqual([]);
});

test("a streamed body is signed by its headers and checked by its trailer", async () => {
  const door = await guarded();
  const body = bytesOf(2_000_003);
  await door.client.send(
    new PutObjectCommand({ Bucket, Key: "k", Body: Readable.from([body]), ContentLength: body.length }),
  );
  const { Body } = await door.client.send(new GetObjectCommand({ Bucket, Key: "k" }));
  expect(Buffer.from(await Body!.transformToByteArray()).equals(body)).toBe(true);
});

test("a presigned URL lets anybody do what it names, and nothing else", async () => {
  const door = await guarded();
  // Without what every URL parser would resolve away.
  const Key = STRANGE_KEY.replace("..", "__");
  const put = await getSignedUrl(
    door.client,
    new PutObjectCommand({ Bucket, Key: Key, ContentType: "text/x", Metadata: { a: "1" } }),
    { expiresIn: 60 },
  );
  expect(
    (await fetch(put, { method: "PUT", body: "by a stranger", headers: { "content-type": "text/x" } })).status,
  ).toBe(200);
  const get = await getSignedUrl(door.client, new GetObjectCommand({ Bucket, Key: Key }), { expiresIn: 60 });
  const reply = await fetch(get);
  expect(reply.status).toBe(200);
  expect(await reply.text()).toBe("by a stranger");
  expect([reply.headers.get("content-type"), reply.headers.get("x-amz-meta-a")]).toEqual(["text/x", "1"]);
  const refused = async (url: string, init?: RequestInit) => {
    const { status } = await fetch(url, init);
    return status;
  };
  expect(await refused(get, { method: "DELETE" })).toBe(403);
  expect(await refused(get.replace(Bucket, "market-lake"))).toBe(403);
  expect(await refused(get.replace("X-Amz-Expires=60", "X-Amz-Expires=600"))).toBe(403);
  expect(await refused(`${get}&response-content-type=text/html`)).toBe(403);
  expect(await refused(get, { headers: { "x-amz-meta-b": "2" } })).toBe(403);
  expect(await refused(get.replace(/&X-Amz-Expires=\d+/, ""))).toBe(400);
});

test("a signature is good for its time only", async () => {
  let offsetMs = 0;
  const clock: Clock = { ...systemClock, now: () => Date.now() + offsetMs };
  const door = await guarded({ clock });
  await door.client.send(new PutObjectCommand({ Bucket, Key: "k", Body: "v" }));
  const url = await getSignedUrl(door.client, new GetObjectCommand({ Bucket, Key: "k" }), { expiresIn: 3600 });
  offsetMs = 3_500_000;
  expect((await fetch(url)).status).toBe(200);
  // The SDK would set its own clock right after the refusal.
  await expect(door.clientWith({ credentials: ANA }).send(new ListBucketsCommand({}))).rejects.toMatchObject({
    name: "RequestTimeTooSkewed",
  });
  offsetMs = 3_700_000;
  const late = await fetch(url);
  expect([late.status, /<Message>Request has expired/.test(await late.text())]).toEqual([403, true]);
  offsetMs = -3_600_000;
  expect((await fetch(url)).status).toBe(403);
});

/** The example of the service's documentation, "Signature calculations for the Authorization header: transferring payload in multiple chunks". */
test("the documented example of a body in signed chunks is verified, chunk by chunk", async () => {
  const check = signatureCheck(
    [{ name: "AKIAIOSFODNN7EXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" }],
    () => Date.parse("2013-05-24T00:00:00Z"),
  );
  const verified = () =>
    check({
      method: "PUT",
      address: readAddress("/examplebucket/chunkObject.txt", undefined),
      headers: {
        host: "s3.amazonaws.com",
        "x-amz-date": "20130524T000000Z",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
        authorization:
          "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class,Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "content-encoding": "aws-chunked",
        "x-amz-decoded-content-length": "66560",
        "content-length": "66824",
      },
    }).chunks;
  const body = (letter: string) =>
    Buffer.from(
      [
        `10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n${"a".repeat(65_536)}\r\n`,
        `400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n${letter.repeat(1024)}\r\n`,
        "0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n",
      ].join(""),
    );
  const decode = async (bytes: Buffer, pieceBytes: number) => {
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += pieceBytes) pieces.push(bytes.subarray(at, at + pieceBytes));
    const decoded: Uint8Array[] = [];
    const source = Readable.from(pieces);
    for await (const piece of decodeChunked(source, { signer: verified(), onTrailers: () => {} })) decoded.push(piece);
    return Buffer.concat(decoded).toString();
  };
  for (const pieceBytes of [100_000, 4096, 37]) expect(await decode(body("a"), pieceBytes)).toBe("a".repeat(66_560));
  await expect(decode(body("b"), 4096)).rejects.toMatchObject({ code: "SignatureDoesNotMatch" });
  await expect(decode(body("a").subarray(0, 65_700), 4096)).rejects.toMatchObject({ code: "IncompleteBody" });
});

test("what is not aws-chunked as it should be is refused", async () => {
  const door = await openS3Door();
  await door.client.send(new CreateBucketCommand({ Bucket }));
  const put = (body: string, length: number, trailer = "x-amz-checksum-crc32") =>
    door.raw({
      method: "PUT",
      path: `/${Bucket}/k`,
      headers: {
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": String(length),
        "x-amz-trailer": trailer,
        "content-encoding": "aws-chunked,gzip",
      },
      body,
    });
  const good = "9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n";
  expect(await put(good, 9)).toMatchObject({ status: 200 });
  expect((await door.raw({ path: `/${Bucket}/k` })).headers["content-encoding"]).toBe("gzip");
  expect(await put(good.replace("y/Q5Jg", "AAAAAA"), 9)).toMatchObject({ code: "BadDigest" });
  expect(await put("9\r\n123456789\r\n0\r\n\r\n", 9)).toMatchObject({ code: "InvalidRequest" });
  expect(await put(good, 8)).toMatchObject({ code: "IncompleteBody" });
  expect(await put(good, 10)).toMatchObject({ code: "IncompleteBody" });
  expect(await put("zz\r\n", 9)).toMatchObject({ code: "InvalidRequest" });
  expect(await put("9\r\n1234", 9)).toMatchObject({ code: "IncompleteBody" });
  expect(await put("9\r\n123456789X\r\n0\r\n\r\n", 9)).toMatchObject({ code: "InvalidRequest" });
  expect((await door.raw({ path: `/${Bucket}/k` })).text).toBe("123456789");
});

test("a bucket may stand in the host's name", async () => {
  const door = await openS3Door({ listener: { allowedHosts: ["penstock.internal"] } });
  await door.client.send(new CreateBucketCommand({ Bucket }));
  const at = (host: string, path: string, method = "GET", body?: string) =>
    door.raw({ method, path, headers: { host }, ...(body === undefined ? {} : { body }) });
  expect((await at("own.localhost:4566", "/a/k", "PUT", "v")).status).toBe(200);
  expect((await at("own.penstock.internal", "/a/k")).text).toBe("v");
  expect((await at("penstock.internal", "/own/a/k")).text).toBe("v");
  expect((await at("own.localhost", "/")).text).toContain("<Key>a/k</Key>");
  expect(await at("none.localhost", "/a/k")).toMatchObject({ status: 404, code: "NoSuchBucket" });
  expect((await at("own.example.com", "/a/k")).status).toBe(403);
  expect((await at("localhost.example.com", "/own/a/k")).status).toBe(403);
  const page = await door.raw({ path: "/own/a/k", headers: { origin: "http://example.com" } });
  expect(page.status).toBe(403);
  const local = await door.raw({ path: "/own/a/k", headers: { origin: "http://localhost:3000" } });
  expect([local.status, local.headers["access-control-allow-origin"]]).toEqual([200, "*"]);
});

test("HTTP/2 serves as well", async () => {
  const door = await openS3Door();
  await door.client.send(new CreateBucketCommand({ Bucket }));
  const session = connect(`http://127.0.0.1:${door.port}`);
  const send = (headers: Record<string, string>, body = "") =>
    new Promise<string>((resolve, reject) => {
      const stream = session.request(headers);
      let text = "";
      stream.setEncoding("utf8");
      stream.on("data", (chunk: string) => {
        text += chunk;
      });
      stream.on("end", () => resolve(text));
      stream.on("error", reject);
      if (!stream.writableEnded) stream.end(body);
    });
  await send({ ":method": "PUT", ":path": "/own/k", "content-length": "5" }, "hello");
  expect(await send({ ":path": "/own/k", range: "bytes=1-3" })).toBe("ell");
  expect(await send({ ":path": "/own/none" })).toContain("NoSuchKey");
  session.close();
});

test("a body that is cut off, or stands still, leaves nothing", async () => {
  const door = await openS3Door({ idleMs: 300 });
  await door.client.send(new CreateBucketCommand({ Bucket }));
  const half = (end: boolean) =>
    new Promise<string>((resolve) => {
      const sent = httpRequest({
        port: door.port,
        method: "PUT",
        path: `/${Bucket}/k`,
        headers: { "content-length": "1000" },
        agent: false,
      });
      sent.on("error", () => resolve("cut"));
      sent.on("close", () => resolve("cut"));
      sent.on("response", (response) => resolve(String(response.statusCode)));
      sent.write("half", () => end && sent.destroy());
    });
  expect(await half(true)).toBe("cut");
  expect(await half(false)).toBe("cut");
  expect(await door.raw({ path: `/${Bucket}/k` })).toMatchObject({ code: "NoSuchKey" });
  expect(door.errors).toEqual([]);
});

test("an operation of another service still has its time limit", async () => {
  const door = await openS3Door({ listener: { httpLimits: { requestTimeoutMs: 200 } } });
  const ended = await new Promise<string>((resolve) => {
    const sent = httpRequest({
      port: door.port,
      method: "POST",
      headers: { "content-length": "1000", "x-amz-target": "Kinesis_20131202.PutRecords" },
      agent: false,
    });
    sent.on("error", () => resolve("cut"));
    sent.on("response", (response) => resolve(String(response.statusCode)));
    sent.write("half");
  });
  expect(ended).toBe("cut");
});
