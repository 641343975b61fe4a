import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { Ajv } from 'ajv';
import express, { type ErrorRequestHandler, type Express } from 'express';

export type Lot = { lotId: string; name: string; spots: number };
export type Reservation = {
  lotId: string;
  reservationId: string;
  customerId: string;
  carNumber: string;
  amount: number;
};

const ajv = new Ajv();
const object = (properties: Record<string, object>) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
const id = { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' };
const text = { type: 'string', minLength: 1, maxLength: 100 };
const whole = { type: 'integer', minimum: 0 };

const check = (schema: object) => {
  const isValid = ajv.compile(schema);
  return (data: unknown) => {
    if (!isValid(data)) throw Object.assign(new Error(ajv.errorsText(isValid.errors)), { status: 400 });
  };
};

/** The checks that a request's data must pass. */
export const validate = {
  lot: check(object({ lotId: id, name: text, spots: whole })),
  reservation: check(
    object({ lotId: id, reservationId: id, customerId: id, carNumber: { ...text, maxLength: 20 }, amount: whole }),
  ),
};

/**
 * Serves the two requests that are measured.
 * @param does answers with the revision that the stream stands at
 * @param addQueries adds what a server with views answers besides
 */
export const serve = (
  does: {
    register(data: Lot): Promise<bigint>;
    reserve(data: Reservation): Promise<bigint>;
  },
  addQueries?: (app: Express) => void,
): void => {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(express.json());
  app.post('/parking/lots', async (req, res) => {
    const revision = await does.register(req.body);
    res.status(201).set('ETag', `"${revision}"`).json(req.body);
  });
  app.post('/parking/lots/:lotId/reservations', async (req, res) => {
    const data: Reservation = { lotId: req.params.lotId, reservationId: randomUUID(), ...req.body };
    const revision = await does.reserve(data);
    res
      .status(201)
      .set('ETag', `"${revision}"`)
      .json({ ...data, status: 'reserved' });
  });
  addQueries?.(app);
  const fail: ErrorRequestHandler = (error, _req, res, _next) => {
    const status = error.status ?? error.errorCode ?? 500;
    res.status(status).json({ status, detail: String(error.message) });
  };
  app.use(fail);
  const server = app.listen(0, '127.0.0.1', () => {
    console.log(`listens on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  process.once('SIGTERM', () => process.exit(0));
};
