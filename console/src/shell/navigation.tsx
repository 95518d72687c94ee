import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

export interface PageName {
  readonly path: string;
  readonly name: string;
  /** Goes there, after `g`. */
  readonly key: string;
}

/** The pages, and the keys that lead to them: `g` and then the page's own; `?` says so. */
export function Navigation({ pages, current }: { pages: readonly PageName[]; current: string }): JSX.Element {
  const help = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    let going = false;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (event.key === "?") {
        help.current?.showModal();
        return;
      }
      const page = going ? pages.find(({ key }) => key === event.key) : undefined;
      going = event.key === "g";
      if (page !== undefined) window.location.hash = `#/${page.path}`;
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [pages]);
  return (
    <>
      <nav class="pages" aria-label="Pages">
        {pages.map(({ path, name, key }) => (
          <a
            key={path}
            href={`#/${path}`}
            aria-current={path === current ? "page" : undefined}
            aria-keyshortcuts={`g ${key}`}
          >
            {name}
          </a>
        ))}
      </nav>
      <dialog ref={help} aria-labelledby="keys-title">
        <h2 id="keys-title">Keys</h2>
        <dl>
          {pages.map(({ path, name, key }) => (
            <>
              <dt key={path}>
                <kbd>g</kbd> <kbd>{key}</kbd>
              </dt>
              <dd key={`${path}/name`}>{name}</dd>
            </>
          ))}
          <dt>
            <kbd>?</kbd>
          </dt>
          <dd>this list</dd>
        </dl>
        <form method="dialog">
          <button type="submit" class="button">
            Close
          </button>
        </form>
      </dialog>
    </>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}
