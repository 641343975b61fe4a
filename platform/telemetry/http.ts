import { type RequestHandler, Router } from 'express';
import { Gauge, Histogram, type Registry } from 'prom-client';
import { machine } from '../machine/machine.ts';

const LATENCY = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Routes with unlimited answers. */
const EVENT_STREAMS: ReadonlySet<string> = new Set(['/control-center/events']);

/** Measures every request by method, route and status; counts event streams while they are open. */
export const requestMetrics = (registry: Registry): RequestHandler => {
  const durations = new Histogram({
    name: 'plaza_http_request_duration_seconds',
    help: 'From the headers of a request to the end of its answer; without event streams',
    labelNames: ['method', 'route', 'status'],
    buckets: LATENCY,
    registers: [registry],
  });
  let open = 0;
  new Gauge({
    name: 'plaza_http_requests_in_flight',
    help: 'Requests that are not answered yet, and open event streams',
    registers: [registry],
    collect() {
      this.set(open);
    },
  });

  return (req, res, next) => {
    const began = machine.elapsed();
    open += 1;
    res.once('close', () => {
      open -= 1;
      const route: string = req.route?.path ?? 'none';
      if (EVENT_STREAMS.has(route)) return;
      const status = res.writableFinished ? res.statusCode : 499;
      durations.observe({ method: req.method, route, status }, (machine.elapsed() - began) / 1000);
    });
    next();
  };
};

/** Answers `GET /metrics`, at exactly this path, in Prometheus' text format. */
export const metricsRoutes = (registry: Registry): Router => {
  const router = Router({ caseSensitive: true, strict: true });
  router.get('/metrics', async (_req, res) => {
    const text = Buffer.from(await registry.metrics());
    res.writeHead(200, {
      'Content-Type': registry.contentType,
      'Content-Length': text.length,
      'Cache-Control': 'no-store',
    });
    res.end(text);
  });
  return router;
};
