import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import { readSettings, settingsTable } from '../../programs/wiring/settings.ts';
import { MAX_WAIT } from '../../read-api/kernel/preferences.ts';
import { ROOT, readCompose, sidesOf } from './compose.ts';
import { problemsOf, type Resource, readResources } from './kubernetes.ts';

const BASE = join(ROOT, 'deploy/kubernetes/base');
const resources = readResources(BASE);
const ofKind = (kind: string) => resources.filter((resource) => resource.kind === kind);
const kustomization = parse(readFileSync(join(BASE, 'kustomization.yaml'), 'utf8'));
const deployments = ofKind('Deployment').map((resource) => [resource.metadata.name, resource] as const);
const containerOf = ({ spec }: Resource) => spec.template.spec.containers[0];
/** The sandbox is only for installations without a payment provider. */
const sides = sidesOf(readCompose()).filter(([name]) => name !== 'payment-sandbox');

describe('the Kubernetes resources', () => {
  test.each(resources.map((resource) => [resource.kind, resource.metadata.name, resource] as const))(
    '%s %s keeps its schema',
    (_, __, resource) => {
      expect(problemsOf(resource)).toEqual([]);
    },
  );

  test('are checked by schemas that refuse errors', () => {
    const [deployment] = ofKind('Deployment');
    const broken = (change: (copy: Resource) => void) => {
      const copy = structuredClone(deployment) as Resource;
      change(copy);
      return problemsOf(copy);
    };
    expect(broken(() => {})).toEqual([]);
    expect(broken(({ spec }) => delete spec.selector)).not.toEqual([]);
    expect(broken((copy) => (containerOf(copy).ports = [{ containerPort: 'http' }]))).not.toEqual([]);
    expect(broken((copy) => (containerOf(copy).redinessProbe = {}))).toEqual([
      '/spec/template/spec/containers/0/redinessProbe is no field',
    ]);
    expect(broken((copy) => (copy.kind = 'Deploymint'))).toEqual(['apps/v1 Deploymint is no kind']);
  });

  test('are all in the kustomization, whose files exist', () => {
    const files = kustomization.resources.map((name: string) => join(BASE, name));
    for (const file of files) expect(existsSync(file), file).toBe(true);
    expect(resources.length).toBe(
      files.reduce((sum: number, file: string) => {
        return sum + (file.endsWith('.yaml') ? readFileSync(file, 'utf8').split(/^---$/m).length : 0);
      }, 0),
    );
    expect(kustomization.images[0].newTag).toBe(packageJson.version);
    for (const { literals = [] } of kustomization.configMapGenerator)
      for (const literal of literals) expect(settingsTable).toHaveProperty(literal.split('=')[0]);
  });

  test('run what docker-compose.yml runs', () => {
    expect(deployments.map(([name]) => name).sort()).toEqual(['gateway', ...sides.map(([name]) => name)].sort());
    for (const [name, { command }] of sides) {
      const deployment = deployments.find(([other]) => other === name)?.[1] as Resource;
      expect(containerOf(deployment).command).toEqual(command);
    }
    const gateway = deployments.find(([name]) => name === 'gateway')?.[1] as Resource;
    expect(containerOf(gateway).image).toBe(readCompose().services.gateway?.image);
  });

  test.each(deployments)('%s rolls without a gap, scales, and has a read-only file system', (name, { spec }) => {
    expect(spec.strategy.rollingUpdate).toEqual({ maxSurge: 1, maxUnavailable: 0 });
    expect(spec.replicas).toBeUndefined();
    const scaler = ofKind('HorizontalPodAutoscaler').find(({ metadata }) => metadata.name === name)?.spec;
    expect(scaler).toMatchObject({ scaleTargetRef: { name }, minReplicas: 1, maxReplicas: 10 });
    expect(scaler.metrics[0].resource.target.averageUtilization).toBe(50);
    const budget = ofKind('PodDisruptionBudget').find(({ metadata }) => metadata.name === name)?.spec;
    expect(budget.selector).toEqual(spec.selector);
    const pod = spec.template.spec;
    expect(pod.securityContext.runAsNonRoot).toBe(true);
    for (const { securityContext, resources: share } of pod.containers) {
      expect(securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false });
      expect(share.requests).toMatchObject({ cpu: expect.any(String), memory: expect.any(String) });
    }
  });

  test.each(deployments)('%s has its probes where it listens, if it listens', (name, deployment) => {
    const { ports, livenessProbe, readinessProbe } = containerOf(deployment);
    const setting = `${name.toUpperCase().replace('-', '_')}_PORT` as keyof typeof settingsTable;
    if (name !== 'gateway' && !Object.hasOwn(settingsTable, setting)) return expect(ports).toBeUndefined();
    const listens = name === 'gateway' ? 8088 : Number(settingsTable[setting].default);
    expect(ports).toEqual([{ name: 'http', containerPort: listens }]);
    expect(livenessProbe.httpGet).toEqual({ path: '/livez', port: 'http' });
    expect(readinessProbe.httpGet).toEqual({ path: name === 'gateway' ? '/livez' : '/readyz', port: 'http' });
    const service = ofKind('Service').find(({ metadata }) => metadata.name === name);
    expect(service?.spec.selector).toEqual(deployment.spec.selector.matchLabels);
    const upstreams = readFileSync(join(BASE, 'upstreams.conf'), 'utf8');
    const { namespace } = kustomization;
    if (upstreams.includes(`server ${name}.`))
      expect(upstreams).toContain(`server ${name}.${namespace}.svc.cluster.local:${listens} `);
  });

  test.each(deployments)('%s gets its settings only from the ConfigMap and the Secret', (_name, { spec }) => {
    // For a Service of this name Kubernetes would set WRITE_SIDE_PORT=tcp://…, and the side would refuse to start.
    expect(spec.template.spec.enableServiceLinks).toBe(false);
  });

  test('give each side enough time to shut down', () => {
    const literals: string[] = kustomization.configMapGenerator[0].literals;
    const drain = Number(literals.find((literal) => literal.startsWith('DRAIN_SECONDS='))?.split('=')[1]);
    // The gateway resolves the instances every 2 s.
    expect(drain).toBeGreaterThan(3);
    for (const [name, { spec }] of deployments) {
      const { terminationGracePeriodSeconds: grace } = spec.template.spec;
      const ending = name === 'read-api' ? drain + MAX_WAIT + 10 : drain + 10;
      expect(grace, name).toBeGreaterThanOrEqual(ending);
    }
  });

  test('name the same upstreams, in the same way, as docker-compose.yml does', () => {
    const shapeOf = (file: string) =>
      readFileSync(file, 'utf8')
        .replaceAll(/^(#|resolver|set_real_ip_from|real_ip_header).*\n/gm, '')
        .replaceAll('.plaza.svc.cluster.local', '');
    expect(shapeOf(join(BASE, 'upstreams.conf'))).toBe(shapeOf(join(ROOT, 'deploy/gateway/upstreams.conf')));
  });

  test('let the gateway reach its sides, and the metrics collector every side', () => {
    const upstreams = readFileSync(join(BASE, 'upstreams.conf'), 'utf8');
    const named = [...upstreams.matchAll(/server ([\w-]+)\.\S+:(\d+) /g)].map(([, name, port]) => [name, Number(port)]);
    expect(named.map(([name]) => name).sort()).toEqual(['projections', 'read-api', 'write-side']);
    const policy = (name: string) => ofKind('NetworkPolicy').find(({ metadata }) => metadata.name === name)?.spec;
    const reached = policy('gateway').egress.map(
      // biome-ignore lint/suspicious/noExplicitAny: its schema is checked above
      ({ to, ports }: any) => [to[0].podSelector.matchLabels['app.kubernetes.io/name'], ports[0].port],
    );
    expect(reached.sort()).toEqual(named.sort());
    const [{ values: open }] = policy('from-gateway').podSelector.matchExpressions;
    expect([...open].sort()).toEqual(named.map(([name]) => name));
    const [{ values: measured }] = policy('telemetry').podSelector.matchExpressions;
    expect([...measured].sort()).toEqual(sides.map(([name]) => name).sort());
    expect(policy('telemetry').ingress[0].ports).toEqual([{ port: 'http' }]);
  });

  test('turn sign-in on, and let every side that checks tokens fetch the keys of the identity provider', () => {
    const literals: string[] = kustomization.configMapGenerator[0].literals;
    const settings = readSettings(Object.fromEntries(literals.map((literal) => literal.split(/=(.*)/s).slice(0, 2))));
    expect(settings.AUTH).toBe('on');
    const { protocol, port } = new URL(settings.AUTH_ISSUER);
    expect([protocol, port]).toEqual(['https:', '']);
    for (const [name, { spec }] of deployments) {
      if (name === 'gateway') continue;
      const { env = [], envFrom } = spec.template.spec.containers[0];
      expect(envFrom, name).toContainEqual({ configMapRef: { name: 'settings' } });
      expect(
        env.map((one: { name: string }) => one.name),
        name,
      ).not.toContain('AUTH');
      const reached = ofKind('NetworkPolicy')
        .filter(({ spec: policy }) => policy.podSelector.matchExpressions?.[0]?.values.includes(name))
        .flatMap(({ spec: policy }) => policy.egress ?? [])
        .filter(({ to }) => to === undefined)
        .flatMap(({ ports }) => ports.map((one: { port: number }) => one.port));
      const program = readFileSync(join(ROOT, `programs/${name}.ts`), 'utf8');
      if (program.includes('identityOf')) expect(reached, name).toContain(443);
    }
  });

  test('let only the listed traffic through', () => {
    const [everything] = ofKind('NetworkPolicy').filter(({ spec }) => Object.keys(spec.podSelector).length === 0);
    expect(everything?.spec.policyTypes).toEqual(['Ingress', 'Egress']);
    expect(everything?.spec.ingress).toBeUndefined();
  });
});
