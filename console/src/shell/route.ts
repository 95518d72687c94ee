/** The page's address: `#/trace?sequence=…`. In the fragment, so that a link works however the console is served. */
import { useEffect, useState } from "preact/hooks";

export interface Route {
  /** The first part of the address; empty at the start. */
  readonly page: string;
  readonly parameters: Readonly<Record<string, string>>;
}

export function useRoute(): Route {
  const [route, setRoute] = useState(present);
  useEffect(() => {
    const follow = () => setRoute(present());
    window.addEventListener("hashchange", follow);
    return () => window.removeEventListener("hashchange", follow);
  }, []);
  return route;
}

function present(): Route {
  const [path = "", query = ""] = window.location.hash.replace(/^#\/?/, "").split("?");
  return { page: path, parameters: Object.fromEntries(new URLSearchParams(query)) };
}
