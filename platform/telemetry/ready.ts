import type { StatsFs } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { Gauge, type Registry } from 'prom-client';

/** Creates the metric of a process's readiness. @param program `write-side` */
export const readyMetric = (registry: Registry, program: string, isReady: () => Promise<boolean>): void => {
  new Gauge({
    name: 'plaza_ready',
    help: 'Whether /readyz is 200',
    labelNames: ['program'],
    registers: [registry],
    async collect() {
      this.set({ program }, (await isReady()) ? 1 : 0);
    },
  });
};

/** Creates the metrics of the disk of embedded stores. */
export const diskMetrics = (registry: Registry, folder: string): void => {
  const gauge = (name: string, help: string, value: (disk: StatsFs) => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        const disk = await statfs(folder);
        this.set(value(disk));
      },
    });
  gauge(
    'plaza_disk_free_bytes',
    'Free bytes on the disk of the embedded stores',
    ({ bavail, bsize }) => bavail * bsize,
  );
  gauge('plaza_disk_size_bytes', 'Size of the disk of the embedded stores', ({ blocks, bsize }) => blocks * bsize);
};
