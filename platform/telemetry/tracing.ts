import {
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { RequestHandler } from 'express';
import type { Streams } from '../event-store/streams.ts';
import type { EventMetadata } from '../event-store/types.ts';
import { pause } from '../machine/machine.ts';
import type { Consumer } from '../subscriptions/consumer.ts';

type Handle<Command, Outcome> = { handle(command: Command): Promise<Outcome> };
type TracedCommand = { type: string; actor: string; traceparent?: string };

/**
 * Spans (OpenTelemetry) of a process. They follow a request through its events to the policies' commands and the
 * projections. The trace context (W3C) travels in the events' metadata; the processes share nothing else.
 */
export type Tracing = {
  /** Makes a span for each request; later handlers find its `traceparent` among the request's headers. */
  requests: RequestHandler;
  /** Makes a span for each append: a child of the first command's span, with links to those of the others. */
  streams(streams: Streams): Streams;
  /** Makes a span for each command of a policy: a child of the span that made the event. */
  policies<Command extends TracedCommand, Outcome extends { kind: string }>(
    handler: Handle<Command, Outcome>,
  ): Handle<Command, Outcome>;
  /** Makes a span for each batch with a traced event: a child of the first one's span, with links to the others. */
  consumer(consumer: Consumer): Consumer;
  /** Exports the remaining spans. */
  stop(): Promise<void>;
};

export type TracingOptions = {
  /** The name of the process: `write-side`. */
  service: string;
  version: string;
  /** The share of new traces that are recorded, from 0 to 1. A caller's decision is respected. */
  ratio: number;
  /** The base URL of the OTLP collector (HTTP). */
  tracesTo: string;
};

/** Milliseconds between two exports. */
const SEND_EVERY = 1000;

/** Milliseconds for the last export: an unreachable collector delays no shutdown. */
const STOP_WITHIN = 1000;

/** The most links of one span. */
const MAX_LINKS = 64;

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const NO_IDS = /^0+$/;

/** Parses a `traceparent` (W3C Trace Context 3.2); undefined for an invalid one. */
const parseTraceparent = (text: string | undefined): SpanContext | undefined => {
  const match = text === undefined ? null : TRACEPARENT.exec(text);
  if (!match) return undefined;
  const [, traceId = '', spanId = '', flags = ''] = match;
  if (NO_IDS.test(traceId) || NO_IDS.test(spanId)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
};

const formatTraceparent = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;

const under = (parent: SpanContext | undefined) => (parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT);

/** Returns the sampled traces of events, each once. */
const tracesOf = (events: readonly { metadata: EventMetadata }[]): SpanContext[] => {
  const known = new Set<string>();
  const found: SpanContext[] = [];
  for (const { metadata } of events) {
    const { traceparent } = metadata;
    if (traceparent === undefined || known.has(traceparent)) continue;
    known.add(traceparent);
    const parsed = parseTraceparent(traceparent);
    if (parsed && (parsed.traceFlags & 1) === 1) found.push(parsed);
    if (found.length > MAX_LINKS) break;
  }
  return found;
};

const during = async <Result>(span: Span, work: () => Promise<Result>): Promise<Result> => {
  try {
    return await work();
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : String(error) });
    throw error;
  } finally {
    span.end();
  }
};

const startTracer = async ({ service, version, ratio, tracesTo }: TracingOptions) => {
  const [sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  // The more specific of OpenTelemetry's variables has precedence over the setting.
  const isElsewhere = Boolean(process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT);
  const exporter = new OTLPTraceExporter(isElsewhere ? {} : { url: `${tracesTo.replace(/\/+$/, '')}/v1/traces` });
  return new sdk.TracerProvider({
    resource: resourceFromAttributes({
      'service.name': service,
      'service.namespace': 'plaza',
      'service.version': version,
    }),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter, scheduledDelayMillis: SEND_EVERY })],
  });
};

/** Loads OpenTelemetry and starts tracing; spans go by OTLP over HTTP to the collector. */
export const startTracing = async (options: TracingOptions): Promise<Tracing> => {
  const provider = await startTracer(options);
  const tracer: Tracer = provider.getTracer('plaza', options.version);

  const spanOf = (name: string, spans: readonly SpanContext[], how: SpanOptions): Span => {
    const [parent, ...others] = spans;
    const links: Link[] = others.map((linked) => ({ context: linked }));
    return tracer.startSpan(name, { ...how, links }, under(parent));
  };

  return {
    requests(req, res, next) {
      const parent = parseTraceparent(req.headers.traceparent as string | undefined);
      const span = tracer.startSpan(req.method, { kind: SpanKind.SERVER }, under(parent));
      req.headers.traceparent = formatTraceparent(span.spanContext());
      res.once('close', () => {
        const route: string | undefined = req.route?.path;
        if (route !== undefined) span.updateName(`${req.method} ${route}`);
        span.setAttributes({
          'http.request.method': req.method,
          'http.response.status_code': res.statusCode,
          ...(route === undefined ? {} : { 'http.route': route }),
        });
        if (res.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      });
      next();
    },

    streams: (streams) => ({
      ...streams,
      append(stream, events, expected) {
        const traces = tracesOf(events);
        if (traces.length === 0) return streams.append(stream, events, expected);
        const attributes = { 'db.operation.name': 'append', 'db.operation.batch.size': events.length };
        const category = stream.slice(0, stream.indexOf('-'));
        const span = spanOf(`append ${category}`, traces, { kind: SpanKind.CLIENT, attributes });
        return during(span, () => streams.append(stream, events, expected));
      },
    }),

    policies: (handler) => ({
      handle(command) {
        const parent = parseTraceparent(command.traceparent);
        if (!parent) return handler.handle(command);
        const attributes = { 'plaza.policy': command.actor, 'plaza.command': command.type };
        const span = spanOf(command.type, [parent], { kind: SpanKind.CONSUMER, attributes });
        return during(span, async () => {
          const outcome = await handler.handle({ ...command, traceparent: formatTraceparent(span.spanContext()) });
          span.setAttribute('plaza.outcome', outcome.kind);
          return outcome;
        });
      },
    }),

    consumer: (consumer) => ({
      ...consumer,
      handle(events, lease) {
        const traces = tracesOf(events);
        if (traces.length === 0) return consumer.handle(events, lease);
        const attributes = { 'messaging.batch.message_count': events.length };
        const span = spanOf(consumer.name, traces, { kind: SpanKind.CONSUMER, attributes });
        return during(span, () => consumer.handle(events, lease));
      },
    }),

    async stop() {
      const shutdown = provider.shutdown().catch(() => {});
      await Promise.race([shutdown, pause(STOP_WITHIN, { ref: false })]);
    },
  };
};
