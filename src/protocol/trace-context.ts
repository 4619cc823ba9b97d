/** How a request's correlation id looks to tracing systems: W3C's recommendation "Trace Context". */

export interface TraceContext {
  /** 32 hexadecimal digits: those of the correlation id. */
  traceId: string;
  /** 16 hexadecimal digits: a parent that no span has, the request itself. */
  spanId: string;
}

/** All that is done for one request is one trace. Null for an id that is no UUID. */
export function traceContextOf(correlationId: string): TraceContext | null {
  const traceId = correlationId.replaceAll('-', '').toLowerCase();
  const spanId = traceId.slice(0, 16);
  const isValid = /^[0-9a-f]{32}$/.test(traceId) && !/^0+$/.test(spanId);
  return isValid ? { traceId, spanId } : null;
}

/** The header `traceparent`, in the version 00 and sampled. */
export function traceparentOf(correlationId: string): string | null {
  const context = traceContextOf(correlationId);
  return context ? `00-${context.traceId}-${context.spanId}-01` : null;
}
