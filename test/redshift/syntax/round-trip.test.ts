import fc from "fast-check";
import { expect, test } from "vitest";
import type { Expression } from "../../../src/redshift/syntax/ast.js";
import { parseExpression } from "../../../src/redshift/syntax/parse.js";

/** Trees of those kinds that expressions are mostly made of, with every place zero. */
const trees = fc.letrec<{ tree: Expression }>((tie) => {
  const tree = tie("tree");
  const at = 0;
  const text = fc.string({ maxLength: 6, unit: fc.constantFrom(..."ab'\\\\% \n\u00e9".split("")) });
  const operator = fc.constantFrom(..."+ - * / % ^ || & | # << >> = <> < <= > >= ~ ~* !~ !~*".split(" "));
  return {
    tree: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc
        .constantFrom("a", "order", 'q"x', "été")
        .map((name): Expression => ({ kind: "column", parts: ["t", name], at })),
      text.map((one): Expression => ({ kind: "literal", value: { type: "string", text: one }, at })),
      fc.nat(99).map((one): Expression => ({ kind: "literal", value: { type: "number", text: `${one}` }, at })),
      fc
        .tuple(operator, tree, tree)
        .map(([op, left, right]): Expression => ({ kind: "binary", operator: op, left, right, at })),
      fc
        .tuple(fc.constantFrom("and", "or"), fc.array(tree, { minLength: 2, maxLength: 4 }))
        .map(([kind, operands]): Expression => ({ kind: kind as "and" | "or", operands, at })),
      fc
        .tuple(fc.constantFrom("not", "~", "@", "|/"), tree)
        .map(([op, operand]): Expression => ({ kind: "unary", operator: op, operand, at })),
      fc
        .tuple(tree, fc.boolean())
        .map(([operand, negated]): Expression => ({ kind: "is", operand, negated, test: { type: "null" }, at })),
      fc
        .tuple(tree, tree, tree, fc.boolean())
        .map(([operand, low, high, negated]): Expression => ({ kind: "between", operand, low, high, negated, at })),
      fc
        .tuple(tree, fc.array(tree, { minLength: 1, maxLength: 3 }), fc.boolean())
        .map(([operand, items, negated]): Expression => ({ kind: "in-list", operand, items, negated, at })),
      fc.tuple(tree, tree, fc.boolean()).map(
        ([operand, pattern, negated]): Expression => ({
          kind: "like",
          operator: "ilike",
          operand,
          pattern,
          negated,
          at,
        }),
      ),
      tree.map((operand): Expression => ({ kind: "cast", operand, type: { name: "varchar", args: [9], at }, at })),
      fc
        .array(tree, { maxLength: 3 })
        .map((args): Expression => ({ kind: "call", name: { parts: ["f"], at }, args, at })),
    ),
  };
});

/** Without one parenthesis more than around each part. */
function printed(tree: Expression): string {
  const part = (one: Expression) => `(${printed(one)})`;
  const not = "negated" in tree && tree.negated ? "not " : "";
  switch (tree.kind) {
    case "column":
      return tree.parts.map((name) => `"${name.replaceAll('"', '""')}"`).join(".");
    case "literal":
      if (tree.value.type === "number") return tree.value.text;
      return tree.value.type === "string" ? `'${tree.value.text.replace(/['\\]/g, (sign) => sign + sign)}'` : "null";
    case "binary":
      return `${part(tree.left)} ${tree.operator} ${part(tree.right)}`;
    case "and":
    case "or":
      return tree.operands.map(part).join(` ${tree.kind} `);
    case "unary":
      return `${tree.operator} ${part(tree.operand)}`;
    case "is":
      return `${part(tree.operand)} is ${not}null`;
    case "between":
      return `${part(tree.operand)} ${not}between ${part(tree.low)} and ${part(tree.high)}`;
    case "in-list":
      return `${part(tree.operand)} ${not}in (${tree.items.map(part).join(", ")})`;
    case "like":
      return `${part(tree.operand)} ${not}ilike ${part(tree.pattern)}`;
    case "cast":
      return `${part(tree.operand)}::varchar(9)`;
    case "call":
      return `f(${tree.args.map(part).join(", ")})`;
    default:
      throw new Error(`no tree of kind ${tree.kind} is made here`);
  }
}

function withoutPlaces(tree: Expression): Expression {
  return JSON.parse(JSON.stringify(tree, (key, value) => (key === "at" ? 0 : value)));
}

test("a tree that is written out and read again is the same tree", () => {
  fc.assert(
    fc.property(trees.tree, (tree) => {
      expect(withoutPlaces(parseExpression(printed(tree)))).toEqual(tree);
    }),
    { numRuns: 500 },
  );
});
