import type { Element, Nodes } from "hast";
import { toJsxRuntime, type Components } from "hast-util-to-jsx-runtime";
import { toHast } from "mdast-util-to-hast";
import { memo, useMemo, useRef, type ReactNode } from "react";
import { Fragment, jsx, jsxs } from "react/jsx-runtime";
import remend from "remend";
import { useTexts } from "../texts/index.ts";
import { Blocks, parse } from "./blocks.ts";
import { Code } from "./Code.tsx";
import { withDollars } from "./delimiters.ts";
import { Formula } from "./Formula.tsx";
import { Link, Picture } from "./Link.tsx";
import { Safely } from "./Safely.tsx";

const FOOTNOTES = "md-";

/** A model's Markdown. `growing`: more of it is to come, and an open `**` or fence is shown as if it were closed. */
export const Markdown = memo(function Markdown({ text, growing }: { text: string; growing: boolean }) {
  const blocks = useRef<Blocks>(null);
  blocks.current ??= new Blocks();
  const found = blocks.current.update(withDollars(text));
  return (
    <div className="prose-chat">
      {found.map((block, place) => (
        <Safely key={block.start} text={block.source}>
          <Piece source={block.source} growing={growing && place === found.length - 1} />
        </Safely>
      ))}
    </div>
  );
});

const Piece = memo(function Piece({ source, growing }: { source: string; growing: boolean }): ReactNode {
  return useMemo(() => render(growing ? remend(source) : source), [source, growing]);
});

/** React elements of Markdown. Nothing of it becomes HTML: what looks like HTML is shown as the text that it is. */
function render(source: string): ReactNode {
  const tree = toHast(parse(source), {
    clobberPrefix: FOOTNOTES,
    handlers: {
      html: (_state, node: { value: string }) => ({ type: "text", value: node.value }),
      math: (_state, node: { value: string }) => formula(node.value, true),
      inlineMath: (_state, node: { value: string }) => formula(node.value, false),
    },
  });
  return toJsxRuntime(tree as Nodes, { Fragment, jsx, jsxs, components, passNode: true, ignoreInvalidStyle: true });
}

/** An element that stands for a formula until it is React's. */
function formula(value: string, display: boolean): Element {
  return { type: "element", tagName: "data", properties: { value, display: display ? "block" : "inline" }, children: [] };
}

const components: Partial<Components> = {
  data: ({ node }) => <Formula tex={String(node?.properties["value"])} display={node?.properties["display"] === "block"} />,
  a: ({ href, children }) => <Link href={href}>{children}</Link>,
  img: ({ src, alt }) => <Picture src={typeof src === "string" ? src : undefined} alt={alt} />,
  pre: ({ node }) => <Code {...fence(node)} />,
  input: ({ checked }) => <Task done={checked === true} />,
};

function Task({ done }: { done: boolean }) {
  const t = useTexts();
  return <input type="checkbox" checked={done} disabled readOnly aria-label={done ? t.done : t.notDone} />;
}

/** The code and the language of `<pre><code class="language-x">`. */
function fence(pre: Element | undefined): { code: string; language: string } {
  const code = pre?.children[0];
  if (code?.type !== "element") return { code: "", language: "" };
  const names = Array.isArray(code.properties["className"]) ? code.properties["className"] : [];
  const language = names.map(String).find((name) => name.startsWith("language-")) ?? "";
  const text = code.children.map((child) => (child.type === "text" ? child.value : "")).join("");
  return { code: text.replace(/\n$/, ""), language: language.slice("language-".length) };
}
