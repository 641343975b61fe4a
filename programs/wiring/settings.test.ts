import { describe, expect, test } from 'vitest';
import { isLoopback } from './loopback.ts';
import { readSettings } from './settings.ts';

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
    expect(readSettings({ WRITE_SIDE_URLS: 'food-court=http://a:1, cinema=https://b/?x=y' }).WRITE_SIDE_URLS).toEqual({
      'food-court': 'http://a:1',
      cinema: 'https://b/?x=y',
    });
  });

  test.each([
    ['http://a:1', 'must be CONTEXT=URL, separated by commas'],
    ['cinema=', 'must be CONTEXT=URL, separated by commas'],
    ['casino=http://a:1', 'names casino, but there are only '],
    ['cinema=a:1', 'must begin with http:// or https://'],
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
