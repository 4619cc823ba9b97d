/**
 * Traces: a span for each effect, and for each word of an agent, under the trace of its request. Without an
 * OpenTelemetry SDK in the process (`node --import`, as its documentation says) none of this does anything.
 */
import { ROOT_CONTEXT, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { redactSecrets } from '../github/redact.ts';
import { traceContextOf } from '../protocol/trace-context.ts';

const tracer = trace.getTracer('signalbox');

/** Does something within a span. What it throws is recorded and thrown on. */
export function traced<T>(
  name: string,
  { correlationId, ...about }: { correlationId: string | null; issue: number | null },
  act: () => Promise<T>,
): Promise<T> {
  const request = correlationId === null ? null : traceContextOf(correlationId);
  const parent = request
    ? trace.setSpanContext(ROOT_CONTEXT, { ...request, traceFlags: TraceFlags.SAMPLED, isRemote: true })
    : ROOT_CONTEXT;
  const attributes = {
    ...(correlationId === null ? {} : { 'signalbox.correlation_id': correlationId }),
    ...(about.issue === null ? {} : { 'signalbox.issue': about.issue }),
  };
  return tracer.startActiveSpan(name, { attributes }, parent, async (span) => {
    try {
      return await act();
    } catch (error) {
      const message = redactSecrets(error instanceof Error ? error.message : String(error));
      span.setStatus({ code: SpanStatusCode.ERROR, message });
      throw error;
    } finally {
      span.end();
    }
  });
}
