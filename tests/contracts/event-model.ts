/**
 * Draws docs/event-model.md: the effects of each context's commands, as its schemas, deciders, policies and projections
 * declare them.
 */
import { readFileSync } from 'node:fs';
import type { TSchema } from 'typebox';
import { contextSchemas, messagingContexts, projectionsOf, writeSidesOf } from '../../programs/contexts.ts';
import type { Projection } from '../../projections/kernel/projection.ts';
import { activityView } from '../../schemas/kernel/activity.ts';
import type { ContextSchema, EventSchema } from '../../schemas/kernel/context.ts';
import { exampleOf } from '../../schemas/kernel/examples.ts';
import { historyView } from '../../schemas/kernel/history.ts';
import { reportView } from '../../schemas/kernel/report.ts';
import type { WriteSideContext } from '../../write-side/context.ts';
import type { Policy } from '../../write-side/policies/policy.ts';
import type { ProcessManager } from '../../write-side/policies/process.ts';

export const FILE = new URL('../../docs/event-model.md', import.meta.url).pathname;

const TIME_ZONE = 'Asia/Seoul';
const A_TIME = '2026-01-31T09:00:00.000Z';
/** Settings that are read when the process managers are made; none of them changes what they react to. */
const SETTINGS = { TIME_ZONE, HOLD_SECONDS: 15, MESSAGE_MAX_AGE_HOURS: 24, MESSAGE_TIMEOUT_MS: 1_000 };

/** Something that reacts to events with commands. */
type Reaction = { name: string; context: ContextSchema; events: readonly string[]; commands: readonly string[] };

/** Returns examples of an object: one with every field, and variants of it that differ in a field each. */
const examplesOf = (schema: TSchema): Record<string, unknown>[] => {
  const { properties = {}, required = [] } = schema as { properties?: Record<string, TSchema>; required?: string[] };
  const full = exampleOf(schema) as Record<string, unknown>;
  const variants = Object.entries(properties).flatMap(([name, part]) => {
    const { type, enum: words = [], examples } = part as { type?: string; enum?: unknown[]; examples?: unknown[] };
    const values = type === 'integer' ? [1, 1_000] : type === 'boolean' ? [true, false] : words;
    // It excludes another field.
    const excluded = examples?.length === 0 ? [exampleOf({ ...part, examples: undefined } as TSchema, name)] : [];
    const { [name]: _, ...without } = full;
    return [
      ...(required.includes(name) ? [] : [without]),
      ...[...values, ...excluded].map((value) => ({ ...full, [name]: value })),
    ];
  });
  return [full, ...variants];
};

/** Returns the types of the commands with which a policy or a timer reacts to examples of its events. */
const commandsOf = (reacting: Policy | ProcessManager): string[] => {
  const found = new Set<string>();
  for (const type of reacting.events) {
    for (const data of examplesOf(reacting.context.events[type]!.data)) {
      const event = { type, data, revision: '1', time: A_TIME };
      if ('react' in reacting) for (const command of reacting.react(event)) found.add(command.type);
      else for (const { task } of reacting.plan(event)) if (task !== null) found.add(task);
    }
  }
  return [...found].sort();
};

/** Returns everything of a context that reacts to events, with the commands as far as they are declared. */
const reactionsOf = async ({ schema, policies, timers = [], services }: WriteSideContext): Promise<Reaction[]> => {
  const processes = (await services?.())?.processes(SETTINGS, {
    payments: () => ({}) as never,
    messaging: messagingContexts,
    store: { readLast: async () => undefined },
  });
  const reactions = [...policies, ...timers, ...(processes?.managers ?? [])];
  return reactions.map((reaction) => ({
    name: reaction.name,
    context: reaction.context,
    events: reaction.events,
    commands: commandsOf(reaction).filter((type) => schema.commands[type] !== undefined),
  }));
};

/** Puts items with the same key together, in the order in which the keys appear. */
const grouped = <Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[][] => {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return [...groups.values()];
};

const SHAPES = {
  client: ['([', '])'],
  command: ['[', ']'],
  stream: ['[[', ']]'],
  event: ['[', ']'],
  policy: ['{{', '}}'],
  view: ['[(', ')]'],
} as const;

/** The usual colours of event storming, with dark text on any background. */
const STYLES = [
  'classDef client fill:#eee,stroke:#777,color:#111',
  'classDef command fill:#a7d3f5,stroke:#3b78a8,color:#111',
  'classDef stream fill:#fdf3b5,stroke:#a8943b,color:#111',
  'classDef event fill:#ffc27d,stroke:#b06a12,color:#111',
  'classDef policy fill:#dcc5ee,stroke:#7f52a3,color:#111',
  'classDef view fill:#bfe5bd,stroke:#4d8a4a,color:#111',
];

/** Collects a Mermaid flowchart. */
const flowchart = () => {
  const nodes = new Map<string, string>();
  const edges = new Set<string>();
  return {
    /** Draws a node once. @returns its id */
    node(kind: keyof typeof SHAPES, lines: readonly string[]): string {
      const id = `${kind}_${lines[0]!.replaceAll(/\W/g, '_')}`;
      const [open, close] = SHAPES[kind];
      nodes.set(id, `  ${id}${open}"${lines.join('<br/>')}"${close}:::${kind}`);
      return id;
    },
    edge: (from: string, to: string, arrow = '-->') => edges.add(`  ${from} ${arrow} ${to}`),
    text: () =>
      ['```mermaid', 'flowchart LR', ...nodes.values(), ...edges, ...STYLES.map((line) => `  ${line}`), '```'].join(
        '\n',
      ),
  };
};

/** Draws a context. Commands with the same senders are one box, and so are events with the same receivers. */
const diagramOf = (context: WriteSideContext, reactions: readonly Reaction[], views: readonly Projection[]): string => {
  const { schema, deciders } = context;
  const chart = flowchart();
  const client = chart.node('client', ['clients']);
  const isDrawn = new Map<string, string>();
  const policyOf = ({ name }: Reaction) => chart.node('policy', [name.slice(schema.name.length + 1)]);

  for (const decider of deciders) {
    const stream = chart.node('stream', [decider.category]);
    const senders = (type: string) => [
      ...(schema.commands[type]!.http ? [client] : []),
      ...reactions.filter(({ commands }) => commands.includes(type)).map(policyOf),
    ];
    for (const types of grouped(decider.commands as string[], (type) => senders(type).join())) {
      const box = chart.node('command', types);
      for (const sender of senders(types[0]!)) chart.edge(sender, box);
      chart.edge(box, stream);
    }
    const receivers = (type: string) => [
      ...views.filter(({ events }) => events.includes(type)).map(({ name }) => chart.node('view', [name])),
      ...reactions.filter(({ events }) => events.includes(type)).map(policyOf),
    ];
    for (const types of grouped(decider.events as string[], (type) => receivers(type).join())) {
      const box = chart.node('event', types);
      chart.edge(stream, box);
      for (const receiver of receivers(types[0]!)) chart.edge(box, receiver);
      for (const type of types) isDrawn.set(type, box);
    }
  }

  // The events of other contexts, a box for each of them.
  for (const reaction of reactions) {
    const others = reaction.events.filter((type) => !isDrawn.has(type));
    for (const { name, events } of contextSchemas) {
      const count = others.filter((type) => Object.hasOwn(events, type)).length;
      if (count > 0) chart.edge(chart.node('event', [`${count} events of ${name}`]), policyOf(reaction), '-.->');
    }
  }
  return chart.text();
};

const INTRODUCTION = `# Event model

Each context from left to right: commands (blue) go to a stream (yellow), whose
decider turns them into events (orange). Policies, timers and process managers (purple) react to
events, the first two with further commands. Views (green) fold events for the queries. A command
without an arrow to it comes from a step of another command or from a task of a process manager.
Commands with the same senders are one box, and so are events with the same receivers. A context's
history, activity and report, which take nearly every event, are not drawn. The rules of each stream
are in [domain](domain.md).

\`npm run contracts\` draws this page from the schemas, deciders, policies and projections. A test
fails when it is out of date.
`;

/** Returns the whole page. @throws Error for an event that no stream decides, or a policy that gives no command */
export const eventModel = async (): Promise<string> => {
  const names = contextSchemas.map(({ name }) => name);
  const projections = await projectionsOf(names, TIME_ZONE);
  const sections: string[] = [];
  for (const context of await writeSidesOf(names)) {
    const { schema, deciders, policies } = context;
    const decided = new Set(deciders.flatMap(({ events }) => events as string[]));
    const lost = Object.entries<EventSchema>(schema.events).find(([type]) => !decided.has(type));
    if (lost) throw new Error(`No stream of ${schema.name} has ${lost[0]}`);
    const reactions = await reactionsOf(context);
    const idle = reactions.find(({ name, commands }) => commands.length === 0 && policies.some((p) => p.name === name));
    if (idle) throw new Error(`${idle.name} gives no command for any example of its events`);
    const left = [historyView(schema), activityView(schema), reportView(schema)];
    const views = projections.filter((view) => view.context.name === schema.name && !left.includes(view.name));
    sections.push(`## ${schema.title}\n\n${diagramOf(context, reactions, views)}\n`);
  }
  return [INTRODUCTION, ...sections].join('\n');
};

/** Returns the page as it is stored. */
export const storedEventModel = (): string => readFileSync(FILE, 'utf8');
