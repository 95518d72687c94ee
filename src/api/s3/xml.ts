import { parseXml, XmlElement, XmlText } from "@rgrove/parse-xml";

export const XML_HEADER = '<?xml version="1.0" encoding="UTF-8"?>\n';
const NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";

/** A piece of XML that needs no escaping any more. */
export class Xml {
  constructor(readonly text: string) {}
}

type Content = string | number | boolean | Xml | undefined;

/** A string is text; a list holds elements, of which `undefined` is left out. */
export function element(name: string, content: Content | readonly Content[]): Xml {
  const inner = Array.isArray(content) ? content.map(textOf).join("") : textOf(content as Content);
  return new Xml(`<${name}>${inner}</${name}>`);
}

/** The element, unless there is nothing to put in. */
export function optional(name: string, content: Content): Xml | undefined {
  return content === undefined ? undefined : element(name, content);
}

export function document(name: string, content: readonly Content[]): string {
  const inner = content.map(textOf).join("");
  return `${XML_HEADER}<${name} xmlns="${NAMESPACE}">${inner}</${name}>`;
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

function textOf(content: Content): string {
  if (content === undefined) return "";
  return content instanceof Xml ? content.text : escapeText(String(content));
}

/** Control characters go as references, as S3 sends them; a caller whose parser takes none asks for encoding-type=url. */
function escapeText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is meant.
  return text.replace(/[&<>"\u0000-\u0008\u000b-\u001f\ufffe\uffff]/g, (character) => {
    const named = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }[character];
    return named ?? `&#x${character.charCodeAt(0).toString(16)};`;
  });
}

/** An element of a request's body, as the operations read it. */
export interface Node {
  readonly name: string;
  /** The text in it, with that of elements left out. */
  readonly text: string;
  readonly children: readonly Node[];
}

/** The root; undefined for what is no well-formed XML. Names lose their prefixes: the services never look at namespaces either. */
export function parseDocument(text: string): Node | undefined {
  try {
    const { root } = parseXml(text);
    return root === null ? undefined : nodeOf(root);
  } catch {
    return undefined;
  }
}

function nodeOf(given: XmlElement): Node {
  let text = "";
  const children: Node[] = [];
  for (const child of given.children) {
    if (child instanceof XmlText) text += child.text;
    else if (child instanceof XmlElement) children.push(nodeOf(child));
  }
  return { name: given.name.slice(given.name.indexOf(":") + 1), text, children };
}

/** The text of the child with this name, if there is one. */
export function childText(node: Node, name: string): string | undefined {
  return node.children.find((child) => child.name === name)?.text;
}
