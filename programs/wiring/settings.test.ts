import { describe, expect, test } from 'vitest';
import { isLoopback } from './loopback.ts';
import { readSettings, settingsTable } from './settings.ts';

const refusal = (env: Record<string, string>): string => {
  try {
    readSettings(env);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

describe('an address that other machines can reach', () => {
  const reachable = ['0.0.0.0', '::', '', '192.168.0.7', '::ffff:127.0.0.1', '127.example.com', 'plaza.example', '0'];

  test.each(reachable)('%j needs AUTH to be set', (HOST) => {
    expect(isLoopback(HOST)).toBe(false);
    expect(refusal({ HOST })).toBe(
      `HOST=${HOST} can be reached by others: set AUTH=on, or AUTH=off if everybody may read and change everything`,
    );
    expect(readSettings({ HOST, AUTH: 'off' })).toMatchObject({ HOST, AUTH: 'off' });
    expect(readSettings({ HOST, AUTH: 'on' })).toMatchObject({ HOST, AUTH: 'on' });
  });

  test.each(['127.0.0.1', '127.0.0.2', 'localhost', '::1'])('%s is not one', (HOST) => {
    expect(readSettings({ HOST }).HOST).toBe(HOST);
  });
});

describe('the time zone', () => {
  test('is Asia/Seoul unless set', () => {
    expect(readSettings({}).TIME_ZONE).toBe('Asia/Seoul');
    expect(readSettings({ TIME_ZONE: 'Europe/Berlin' }).TIME_ZONE).toBe('Europe/Berlin');
  });

  test.each(['Seoul', '+09:00', ''])('%j prevents the start', (TIME_ZONE) => {
    expect(refusal({ TIME_ZONE })).toBe(`TIME_ZONE=${TIME_ZONE} must be an IANA time zone, such as Asia/Seoul or UTC`);
  });
});

describe('the write sides of contexts', () => {
  test('are URLs by context', () => {
    expect(readSettings({}).WRITE_SIDE_URLS).toEqual({});
    const WRITE_SIDE_URLS = 'food-court=http://a:1, cinema=http://b/?x=y,food-court=http://c:1';
    expect(readSettings({ WRITE_SIDE_URLS }).WRITE_SIDE_URLS).toEqual({
      'food-court': ['http://a:1', 'http://c:1'],
      cinema: ['http://b/?x=y'],
    });
  });

  test.each([
    ['http://a:1', 'must be CONTEXT=URL, separated by commas'],
    ['cinema=', 'must be CONTEXT=URL, separated by commas'],
    ['casino=http://a:1', 'names casino, but there are only '],
    ['cinema=a:1', 'must begin with http://'],
    ['=http://a:1', 'must be CONTEXT=URL, separated by commas'],
    ['cinema=http://a:1,http://b:1', 'must be CONTEXT=URL, separated by commas'],
  ])('%s prevents the start', (WRITE_SIDE_URLS, reason) => {
    expect(refusal({ WRITE_SIDE_URLS })).toContain(`WRITE_SIDE_URLS=${WRITE_SIDE_URLS} ${reason}`);
  });
});

describe('the database in the URL of MongoDB', () => {
  test.each([
    ['mongodb://views:27017', undefined],
    ['mongodb://views:27017/?replicaSet=rs', undefined],
    ['mongodb://user:a%2Fb@one,two/admin?replicaSet=rs', undefined],
    ['mongodb+srv://views.example/plaza', undefined],
    ['mongodb://views:27017/city?retryWrites=true', 'city'],
  ])('is that of the read models: %s', (MONGODB_URL, MONGODB_DATABASE) => {
    expect(readSettings({ MONGODB_URL, MONGODB_DATABASE })).toMatchObject({ MONGODB_URL });
  });

  test('cannot be another one', () => {
    expect(refusal({ MONGODB_URL: 'mongodb://views:27017/city' })).toBe(
      'MONGODB_URL names the database city, but the read models are in MONGODB_DATABASE=plaza: set ' +
        'MONGODB_DATABASE=city, or leave it out of the URL (authSource=… says where the user is defined)',
    );
  });
});

describe('a misspelt setting', () => {
  test.each([
    ['PLAZA_CONTEXT', 'PLAZA_CONTEXTS'],
    ['PLAZA_CONTEXS', 'PLAZA_CONTEXTS'],
    ['PLAZA_DIR', 'PLAZA_DATA'],
    ['MONGODB_URI', 'MONGODB_URL'],
    ['EVENT_STORE_URL', 'EVENTSTORE_URL'],
    ['AUTH_ISSEUR', 'AUTH_ISSUER'],
    ['auth_issuer', 'AUTH_ISSUER'],
    ['AUHT', 'AUTH'],
    ['PROT', 'PORT'],
  ])('%s stops the start and names %s', (name, meant) => {
    expect(refusal({ [name]: '' })).toBe(`${name} is not a setting: did you mean ${meant}?`);
  });

  test('that begins with PLAZA_ prevents the start even if it resembles no setting', () => {
    expect(refusal({ PLAZA_COLOUR_OF_THE_PAGE: 'red' })).toMatch(/^PLAZA_COLOUR_OF_THE_PAGE is not a setting \(docs/);
  });

  test('is reported together with values that cannot be used', () => {
    expect(refusal({ PLAZA_CONTEXT: 'parking', PORT: 'x' }).split('\n')).toHaveLength(2);
  });
});

test('variables of other programs are ignored', () => {
  const foreign = {
    HOME: '/root',
    HOSTNAME: 'a',
    HOSTTYPE: 'x86_64',
    PATH: '/bin',
    SORT: '1',
    HOSTS: 'a',
    POST: '1',
    SSH_AUTH_SOCK: '/tmp/a',
    XAUTHORITY: '/root/.Xauthority',
    OTEL_SERVICE_NAME: 'plaza',
    OTEL_TRACES_SAMPLER: 'always_on',
    OTEL_EXPORTER_OTLP_HEADERS: 'a=b',
    EVENTSTORE_CLUSTER_SIZE: '1',
    MONGODB_VERSION: '8',
    LOGNAME: 'root',
    // Kubernetes sets these for a service of the name plaza, docker compose reads the last two.
    PLAZA_PORT: 'tcp://10.0.0.1:80',
    PLAZA_PORT_80_TCP_ADDR: '10.0.0.1',
    PLAZA_SERVICE_HOST: '10.0.0.1',
    PLAZA_SERVICE_PORT_HTTP: '80',
    PLAZA_ADDRESS: '0.0.0.0',
    PLAZA_VERSION: '1.0.0',
  };
  expect(readSettings({ ...process.env, ...foreign })).toEqual(readSettings(process.env));
});

describe('the webhook for messages', () => {
  const MESSAGE_WEBHOOK_SECRET = `whsec_${Buffer.alloc(24).toString('base64')}`;

  test.each(['https://sms.example/plaza', 'http://127.0.0.1:9000/', 'http://localhost/', 'http://[::1]:9000'])(
    'may be %s',
    (MESSAGE_WEBHOOK_URL) =>
      expect(readSettings({ MESSAGE_WEBHOOK_URL, MESSAGE_WEBHOOK_SECRET })).toMatchObject({ MESSAGE_WEBHOOK_URL }),
  );

  test.each(['http://sms.example', 'http://10.0.0.1', 'http://127.0.0.1.example', 'ftp://127.0.0.1', 'sms.example'])(
    'is refused without encryption: %s',
    (MESSAGE_WEBHOOK_URL) =>
      expect(refusal({ MESSAGE_WEBHOOK_URL, MESSAGE_WEBHOOK_SECRET })).toContain('must begin with https://'),
  );

  test('needs a secret of 24 to 64 bytes', () => {
    const MESSAGE_WEBHOOK_URL = 'https://sms.example';
    expect(refusal({ MESSAGE_WEBHOOK_URL })).toBe('MESSAGE_WEBHOOK_SECRET must be set with MESSAGE_WEBHOOK_URL');
    for (const secret of [
      'secret',
      'whsec_',
      'whsec_c2hvcnQ=',
      `whsec_${Buffer.alloc(65).toString('base64')}`,
      'whsec_!',
    ])
      expect(refusal({ MESSAGE_WEBHOOK_URL, MESSAGE_WEBHOOK_SECRET: secret })).toContain('must be whsec_');
  });
});

/** Values that look right at a glance, by setting, each with the reason. Every setting that can be wrong is here. */
const WRONG: Readonly<Record<string, readonly (readonly [value: string, reason: string])[]>> = {
  PORT: [
    ['80800', 'must be a whole number'],
    ['', 'must be a whole number'],
    ['8088 ', 'must be a whole number'],
  ],
  PLAZA_DATA: [['', 'must be a folder']],
  PLAZA_CONTEXTS: [['parking;cinema', 'names parking;cinema']],
  TIME_ZONE: [['KST+9', 'must be an IANA time zone']],
  AUTH: [['true', 'must be on or off']],
  AUTH_ISSUER: [
    ['https://', 'must be one URL'],
    ['id.example', 'must begin with http:// or https://'],
  ],
  AUTH_JWKS: [
    ['https:/keys', 'must begin with'],
    ['/no/such/file', 'must be a URL, or a file that holds a JWK Set'],
    ['package.json', 'must be a URL, or a file'],
  ],
  AUTH_AUDIENCE: [['', 'must be an audience']],
  AUTH_ALGORITHMS: [
    ['HS256', 'must be from ES'],
    ['', 'must be from ES'],
  ],
  AUTH_CLOCK_SKEW_SECONDS: [['5m', 'must be a whole number']],
  AUTH_ROLES_CLAIM: [['', 'must be a claim']],
  AUTH_SCOPE_CLAIM: [[' ', 'must be a claim']],
  PUBLIC_BOARD: [['yes', 'must be on or off']],
  AUTH_CLIENT_ID: [['', 'must be a client id']],
  EVENTSTORE_URL: [
    ['http://store:2113', 'must begin with esdb:// or esdb+discover:// or kurrentdb:// or kurrentdb+discover://'],
    ['esdb://', 'must name hosts'],
    ['kurrentdb://store:x', 'must name hosts'],
    ['esdb://store:99999', 'must name hosts'],
    ['esdb://one,,two', 'must name hosts'],
    ['esdb://store?tls=off', 'something else than true or false'],
    ['kurrentdb+discover://store?nodePreference=any', 'something else than leader'],
    ['esdb://store?tlsCAFile=/no/such/file', 'cannot be used: Failed to load certificate file'],
  ],
  EVENTSTORE_FAST: [['1', 'must be on or off']],
  MONGODB_URL: [
    ['http://store:27017', 'must begin with mongodb:// or mongodb+srv://'],
    ['mongodb://', 'cannot be used: '],
    ['mongodb://store:x', 'cannot be used: '],
    ['mongodb://store/?retryWrites=maybe', 'cannot be used: '],
    ['mongodb://store/?replicaset_=rs', 'cannot be used: '],
    ['mongodb+srv://store:27017', 'cannot be used: '],
  ],
  PERSONAL_KEY: [['geheim', 'must be 32 bytes in base64']],
  KEYS_MONGODB_URL: [['mongodb://store:x', 'cannot be used: ']],
  MONGODB_DATABASE: [
    ['', 'must be a name of a database'],
    ['a.b', 'must be a name'],
    ['a'.repeat(59), 'must be a name'],
  ],
  WRITE_SIDE_URL: [
    ['', 'must be URLs, separated by commas'],
    ['http://a:1,', 'must be URLs, separated by commas'],
    ['http://a:1;http://b:1', 'must be one URL'],
    ['http://a:99999', 'must be one URL'],
    ['https://a', 'must begin with http://'],
  ],
  WRITE_SIDE_URLS: [['cinema=http://a:x', 'must be one URL']],
  READ_API_URL: [['http://', 'must be one URL']],
  PROJECTIONS_URL: [['localhost:8083', 'must begin with http://']],
  RATE_LIMIT_PER_MINUTE: [['none', 'must be a whole number']],
  TRUSTED_PROXIES: [['all', 'must be a whole number']],
  PAYMENT_URL: [
    ['http://pay:x', 'must be one URL'],
    ['Sandbox', 'must begin with'],
  ],
  PAYMENT_SANDBOX_URL: [['http://a,http://b', 'must be one URL']],
  MESSAGE_SMTP_URL: [
    ['smtp://', 'must be one URL'],
    ['mail.example:25', 'must begin with smtp:// or smtps://'],
  ],
  MESSAGE_FROM: [
    ['', 'must be one mail address'],
    ['plaza', 'must be one mail address'],
    ['a@b, c@d', 'must be one'],
  ],
  MESSAGE_TO: [['{customerId}', 'must be one mail address']],
  MESSAGE_WEBHOOK_URL: [['http://sms.example', 'must begin with https://']],
  MESSAGE_WEBHOOK_SECRET: [['geheim', 'must be whsec_']],
  MESSAGE_LANGUAGE: [['de', 'must be ko or en']],
  OTEL_EXPORTER_OTLP_ENDPOINT: [
    ['collector:4318', 'must begin with'],
    ['http://', 'must be one URL'],
  ],
  OTEL_TRACES_SAMPLER_ARG: [['10%', 'must be a number from 0 to 1']],
  LOG_LEVEL: [['verbose', 'is not a log level']],
};

describe('a setting with a wrong value', () => {
  /** Settings of the same kind as PORT: whole numbers. */
  const isNumber = (name: string) => /^\d+$/.test(settingsTable[name as keyof typeof settingsTable].default);

  test('is known for each setting, except HOST, which the system decides', () => {
    const untried = Object.keys(settingsTable).filter((name) => !WRONG[name] && !isNumber(name));
    expect(untried).toEqual(['HOST']);
  });

  test.each(
    Object.entries(WRONG).flatMap(([name, values]) => values.map(([value, why]) => [name, value, why] as const)),
  )('%s=%s prevents the start', (name, value, why) => {
    const [line = '', ...more] = refusal({ [name]: value }).split('\n');
    expect(line).toMatch(new RegExp(`^${name}=`));
    expect(line).toContain(why);
    expect(more).toEqual([]);
  });

  test.each(Object.keys(settingsTable).filter((name) => isNumber(name)))('%s is a whole number', (name) => {
    for (const value of ['', 'x', '-1', '1.5', '1e99']) expect(refusal({ [name]: value }), value).toContain(`${name}=`);
  });

  test.each([
    { EVENTSTORE_URL: 'esdb://operator:geheim@store:x' },
    { EVENTSTORE_URL: 'kurrentdb://operator:geheim@store?tls=off' },
    { MONGODB_URL: 'mongodb://operator:geheim@store:x' },
    { MONGODB_URL: 'mongodb://operator:geh/eim@store' },
    { MESSAGE_WEBHOOK_SECRET: 'whsec_geheim' },
    { PERSONAL_KEY: 'geheim' },
  ])('is shown without the password', (env) => {
    expect(refusal(env)).toMatch(/must|cannot be used|is no connection string/);
    expect(refusal(env)).not.toMatch(/geh|eim/);
  });
});

test.each([
  { EVENTSTORE_URL: 'kurrentdb://admin:changeit@one:2113,two:2114?tls=false&nodePreference=leader' },
  { EVENTSTORE_URL: 'kurrentdb+discover://cluster.example:2113' },
  { EVENTSTORE_URL: 'esdb+discover://cluster.example' },
  { MONGODB_URL: 'mongodb://operator:a%2Fb@one:27017,two:27018/?replicaSet=rs' },
  { MONGODB_URL: 'mongodb+srv://views.example' },
  { WRITE_SIDE_URL: 'http://127.0.0.1:8081, http://[::1]:8081,http://write-side:8081' },
  { MESSAGE_FROM: 'Plaza <plaza@plaza.example>' },
  { MESSAGE_TO: '{customerId}@plaza.example' },
  { MESSAGE_SMTP_URL: 'smtps://user:p%40ss@mail.example:465/?pool=true' },
])('%j can be used', (env) => {
  expect(refusal(env)).toBe('');
});
