// A static file server as GitHub Pages is one: below a sub-path, with gzip, with 404.html.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { gzipSync } from "node:zlib";

const TYPES = {
  ".css": "text/css", ".html": "text/html; charset=utf-8", ".ipynb": "application/json",
  ".js": "text/javascript", ".json": "application/json", ".mjs": "text/javascript",
  ".png": "image/png", ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8",
  ".webp": "image/webp", ".woff": "font/woff", ".woff2": "font/woff2", ".xml": "application/xml",
};
const COMPRESSED = new Set([".png", ".webp", ".woff", ".woff2"]);

/** Serve `folder` on a free port of the loopback address; resolves to { url, close }. */
export async function serve(folder, base = "/a/course/") {
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, "http://x").pathname));
    const send = async (file, status) => {
      const body = await readFile(file);
      const type = extname(file);
      const zip = !COMPRESSED.has(type);
      response.writeHead(status, {
        "Content-Type": TYPES[type] ?? "application/octet-stream",
        "Cache-Control": "max-age=600",
        ...(zip && { "Content-Encoding": "gzip" }),
      });
      response.end(zip ? gzipSync(body) : body);
    };
    const wanted = path.endsWith("/") ? `${path}index.html` : path;
    try {
      if (!wanted.startsWith(base)) throw new Error("outside of the site");
      await send(join(folder, wanted.slice(base.length)), 200);
    } catch {
      await send(join(folder, "404.html"), 404).catch(() => response.writeHead(404).end());
    }
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    url: `http://127.0.0.1:${server.address().port}${base}`,
    close: () => new Promise((done) => { server.closeAllConnections(); server.close(done); }),
  };
}
