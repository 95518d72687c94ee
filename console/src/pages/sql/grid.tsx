import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { QueryResult } from "../../../../src/warehouse/warehouse.ts";

const ROW_PX = 26;
const WIDTHS_FROM_ROWS = 200;
const CHARS_MIN = 6;
const CHARS_MAX = 48;
/** Decimals and large integers come as text, so that no digit is lost; they are numbers to the eye all the same. */
const NUMBER = /^(u?(tiny|small|big|huge)?int(eger)?|int[248]|float[48]?|real|double|decimal|numeric)\b/i;

/** A result of any length: only the rows that can be seen are in the page. */
export function Grid({ result }: { result: QueryResult }): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const [, redraw] = useState(0);
  const virtualizer = useRef<Virtualizer<HTMLDivElement, Element> | undefined>(undefined);
  const { columns, rows } = result;
  virtualizer.current ??= new Virtualizer<HTMLDivElement, Element>(optionsOf(rows.length));
  virtualizer.current.setOptions(optionsOf(rows.length));

  function optionsOf(count: number) {
    return {
      count,
      getScrollElement: () => scroller.current,
      estimateSize: () => ROW_PX,
      overscan: 12,
      scrollToFn: elementScroll,
      observeElementRect,
      observeElementOffset,
      onChange: () => redraw((before) => before + 1),
    };
  }
  useEffect(() => virtualizer.current?._didMount(), []);
  useEffect(() => {
    virtualizer.current?._willUpdate();
    redraw((before) => before + 1);
  }, [rows]);

  const shown = virtualizer.current.getVirtualItems();
  const above = shown[0]?.start ?? 0;
  const below = virtualizer.current.getTotalSize() - (shown.at(-1)?.end ?? 0);
  const numbers = columns.map(({ type }) => NUMBER.test(type));
  const widths = columns.map((column, index) => widthOf(column.name, rows, index));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and must do so by keyboard
    // biome-ignore lint/a11y/useSemanticElements: a section for each would be one more landmark
    <div ref={scroller} class="grid" role="group" aria-label="Rows, to be scrolled" tabIndex={0}>
      <table aria-label="Result" aria-rowcount={rows.length + 1} style={{ width: `${sum(widths)}ch` }}>
        <colgroup>
          {widths.map((width, index) => (
            <col key={`${index}`} style={{ width: `${width}ch` }} />
          ))}
        </colgroup>
        <thead>
          <tr>
            {columns.map((column, index) => (
              <th
                key={`${index}/${column.name}`}
                class={numbers[index] ? "number" : ""}
                title={`${column.name}: ${column.type}`}
              >
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {/* What is scrolled past is a row of its height. */}
          <tr style={{ height: `${above}px` }} />
          {shown.map(({ index }) => (
            <tr key={index} aria-rowindex={index + 2}>
              {(rows[index] ?? []).map((value, at) => (
                <td key={`${at}`} class={numbers[at] ? "number" : ""} title={textOf(value)}>
                  {value === null ? <em class="quiet">NULL</em> : textOf(value)}
                </td>
              ))}
            </tr>
          ))}
          <tr style={{ height: `${below}px` }} />
        </tbody>
      </table>
    </div>
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

export function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function widthOf(name: string, rows: QueryResult["rows"], index: number): number {
  let chars = name.length;
  for (const row of rows.slice(0, WIDTHS_FROM_ROWS)) chars = Math.max(chars, textOf(row[index]).length);
  return Math.min(CHARS_MAX, Math.max(CHARS_MIN, chars)) + 3;
}
