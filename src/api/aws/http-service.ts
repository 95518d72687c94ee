import type { HttpRequest, HttpResponse } from "../http/listener.js";

/** A service behind the AWS door that speaks HTTP itself, rather than operations on a JSON body: S3. */
export interface HttpService {
  /** Answers the request, whatever becomes of it; never rejects. */
  serve(exchange: Exchange): Promise<Served>;
}

export interface Exchange {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  /** To be sent with whatever is answered: for web pages of this machine. */
  readonly corsHeaders: Readonly<Record<string, string>>;
  /** What stands before the door's own name in the Host header: `photos` of photos.localhost. */
  readonly virtualHost: string | undefined;
}

/** For the metrics. */
export interface Served {
  readonly service: string;
  readonly operation: string;
  readonly status: number;
  readonly requestBytes: number;
}
