// Builds appliance/web/static/dist: one stylesheet and one script for all pages, few for single ones, the fonts and a sprite of the icons in use, named by their content, and manifest.json.
// Must not reach the network: everything comes from node_modules (npm ci). Fails when the base exceeds its bytes or an icon does not exist.
import { createHash } from "node:crypto";
import { readFile, readdir, rm, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import * as esbuild from "esbuild";
import { PurgeCSS } from "purgecss";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const PACKAGE = path.join(HERE, "..", "appliance");
const DIST = path.join(PACKAGE, "web", "static", "dist");
const LIMIT_KIB = 90;
// Files of their own, loaded by the pages that name them only; all others are in the base.
const PAGES = ["structure.js", "structure.css"];
// Classes that Bootstrap's scripts or htmx set, and faces, whose tint is a number; no template names them whole.
const SET_BY_SCRIPTS = [/^show(ing)?$/, /^hid(e|ing)$/, /^fade$/, /^collaps(e|ed|ing)$/, /^(modal|offcanvas)-(backdrop|open|static)$/, /^drop(down|up|end|start)$/, /^htmx-/, /^face-\d$/];

async function filesUnder(folder, endings) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile() && endings.includes(path.extname(entry.name)))
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
    .filter((name) => !name.startsWith(DIST)).sort();
}

const named = (name, content) => {
  const { name: stem, ext } = path.parse(name);
  return `${stem}-${createHash("sha256").update(content).digest("hex").slice(0, 10)}${ext}`;
};

async function bundle() {
  const result = await esbuild.build({
    entryPoints: ["app.js", "app.css", "live-worker.js", ...PAGES].map((name) => path.join(HERE, "src", name)),
    bundle: true, minify: true, write: false, outdir: DIST, target: ["es2022", "chrome123", "firefox121", "safari17.5"], legalComments: "none",
    loader: { ".woff2": "file" }, assetNames: "[name]-[hash]", publicPath: "/static/dist", logLevel: "warning",
  });
  return Object.fromEntries(result.outputFiles.map((file) => [path.basename(file.path), file.contents]));
}

// Tabler is laid out for left to right in these few: its own sheet for right to left would be a second base.
const CORNERS = { "top-left": "start-start", "top-right": "start-end", "bottom-left": "end-start", "bottom-right": "end-end" };
const logical = (css) => css.replace(/border-((?:top|bottom)-(?:left|right))-radius/g, (_whole, corner) => `border-${CORNERS[corner]}-radius`)
  .replace(/clear:\s*left/g, "clear:inline-start");

async function purged(css, sources) {
  const [result] = await new PurgeCSS().purge({
    content: sources, css: [{ raw: logical(Buffer.from(css).toString()) }], safelist: { standard: SET_BY_SCRIPTS }, variables: true, keyframes: true,
    // WTForms draws the controls: no template says type="checkbox".
    dynamicAttributes: ["type"],
    defaultExtractor: (text) => text.match(/[\w-/:.]+(?<![:.])/g) ?? [],
  });
  const { code } = await esbuild.transform(result.css, { loader: "css", minify: true, target: ["chrome123", "firefox121", "safari17.5"] });
  return Buffer.from(code);
}

// Icons are named where they are used: icon('users') or symbol='users' in templates, icon='users' in a Tool declaration.
async function sprite(sources) {
  const names = new Set();
  for (const file of sources) {
    for (const [, name] of (await readFile(file, "utf8")).matchAll(/\b(?:icon\(|(?:icon|symbol)\s*=\s*)['"]([a-z0-9-]+)['"]/g)) names.add(name);
  }
  const symbols = await Promise.all([...names].sort().map(async (name) => {
    const svg = await readFile(path.join(HERE, "node_modules", "@tabler", "icons", "icons", "outline", `${name}.svg`), "utf8")
      .catch(() => { throw new Error(`@tabler/icons has no outline icon named '${name}'`); });
    const paths = [...svg.matchAll(/<path[^>]*>/g)].map(([path]) => path).filter((path) => !path.includes('stroke="none"'));
    return `<symbol id="${name}" viewBox="0 0 24 24">${paths.join("")}</symbol>`;
  }));
  return Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`);
}

async function main() {
  const templates = (await filesUnder(PACKAGE, [".html"])).filter((name) => name.includes(`${path.sep}templates${path.sep}`));
  const python = await filesUnder(PACKAGE, [".py"]);
  const scripts = await filesUnder(path.join(HERE, "src"), [".js"]);
  const built = await bundle();
  for (const name of ["app.css", ...PAGES.filter((page) => page.endsWith(".css"))]) built[name] = await purged(built[name], [...templates, ...python, ...scripts]);
  built["icons.svg"] = await sprite([...templates, ...python]);

  await rm(DIST, { recursive: true, force: true });
  await mkdir(DIST, { recursive: true });
  const manifest = {};
  for (const [name, content] of Object.entries(built)) {
    const final = name.endsWith(".woff2") ? name : named(name, content);
    manifest[name.endsWith(".woff2") ? name.replace(/-[A-Z0-9]+(\.woff2)$/, "$1") : name] = final;
    await writeFile(path.join(DIST, final), content);
  }
  await writeFile(path.join(DIST, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);

  let total = 0;
  for (const name of ["app.css", "app.js", "icons.svg", ...PAGES]) {
    const size = brotliCompressSync(built[name]).length / 1024;
    if (name.startsWith("app.")) total += size;
    console.log(`${name.padEnd(13)} ${(built[name].length / 1024).toFixed(1).padStart(7)} KiB  ${size.toFixed(1).padStart(6)} KiB brotli`);
  }
  console.log(`base CSS + JS ${total.toFixed(1)} KiB brotli of ${LIMIT_KIB}`);
  if (total > LIMIT_KIB) throw new Error(`the base is over its ${LIMIT_KIB} KiB`);
}

await main();
