/** GraphQL schema, second part: what is answered, but for traces. Source: wire 12.1. */

export const SDL_TYPES = /* GraphQL */ `
  type App {
    id: ID!
    externalID: String!
    name: String!
    sdkLanguage: String!
    sdkVersion: String!
    framework: String
    url: String
    checksum: String
    error: String
    functions: [Function!]!
    method: AppMethod!
    appVersion: String
    sdkFeatureReadiness: SDKFeatureReadiness!
    connected: Boolean!
    functionCount: Int!
    autodiscovered: Boolean!
  }

  type SDKFeatureReadiness {
    aiMetadataExtraction: FeatureReadiness!
    extendedTraces: FeatureReadiness!
  }

  type FeatureReadiness {
    ready: Boolean!
    reason: String
  }

  type Function {
    id: String!
    name: String!
    slug: String!
    failureHandler: Function
    config: String!
    configuration: FunctionConfiguration!
    concurrency: Int!
    triggers: [FunctionTrigger!]
    url: String!
    appID: String!
    app: App!
  }

  enum FunctionTriggerTypes {
    EVENT
    CRON
  }

  type FunctionTrigger {
    type: FunctionTriggerTypes!
    value: String!
    condition: String
  }

  type FunctionConfiguration {
    cancellations: [CancellationConfiguration!]!
    retries: RetryConfiguration!
    priority: String
    eventsBatch: EventsBatchConfiguration
    concurrency: [ConcurrencyConfiguration!]!
    rateLimit: RateLimitConfiguration
    debounce: DebounceConfiguration
    throttle: ThrottleConfiguration
    singleton: SingletonConfiguration
  }

  type CancellationConfiguration {
    event: String!
    timeout: String
    condition: String
  }

  type RetryConfiguration {
    value: Int!
    isDefault: Boolean
  }

  type EventsBatchConfiguration {
    maxSize: Int!
    timeout: String!
    key: String
  }

  enum ConcurrencyScope {
    ACCOUNT
    ENVIRONMENT
    FUNCTION
  }

  type ConcurrencyConfiguration {
    scope: ConcurrencyScope!
    limit: ConcurrencyLimitConfiguration!
    key: String
  }

  type ConcurrencyLimitConfiguration {
    value: Int!
    isPlanLimit: Boolean
  }

  type RateLimitConfiguration {
    limit: Int!
    period: String!
    key: String
  }

  type DebounceConfiguration {
    period: String!
    key: String
  }

  type ThrottleConfiguration {
    burst: Int!
    key: String
    limit: Int!
    period: String!
  }

  enum SingletonMode {
    SKIP
    CANCEL
  }

  type SingletonConfiguration {
    mode: SingletonMode!
    key: String
  }

  type Workspace {
    id: ID!
  }

  enum EventStatus {
    RUNNING
    COMPLETED
    PAUSED
    FAILED
    PARTIALLY_FAILED
    NO_FUNCTIONS
  }

  type Event {
    id: ID!
    externalID: String
    workspace: Workspace
    name: String
    createdAt: Time
    payload: String
    schema: String
    status: EventStatus
    pendingRuns: Int
    totalRuns: Int
    raw: String
    functionRuns: [FunctionRun!]
  }

  enum StreamType {
    EVENT
    CRON
  }

  type StreamItem {
    id: ID!
    "The event's name, or the schedule."
    trigger: String!
    type: StreamType!
    createdAt: Time!
    runs: [FunctionRun!]
    inBatch: Boolean!
  }

  type EventSource {
    id: String!
    name: String
    sourceKind: String!
  }

  type EventV2 {
    envID: UUID!
    id: ULID!
    idempotencyKey: String
    name: String!
    occurredAt: Time!
    raw: String!
    receivedAt: Time!
    runs: [FunctionRunV2!]!
    source: EventSource
    version: String
  }

  type EventsEdge {
    node: EventV2!
    cursor: String!
  }

  type EventsConnection {
    edges: [EventsEdge!]!
    pageInfo: PageInfo!
    totalCount: Int!
  }

  type FunctionRun {
    id: ID!
    functionID: String!
    function: Function
    workspace: Workspace
    event: Event
    events: [Event!]!
    batchID: ULID
    batchCreatedAt: Time
    status: FunctionRunStatus
    pendingSteps: Int
    startedAt: Time
    finishedAt: Time
    output: String
    eventID: ID!
    cron: String
  }

  type FunctionRunV2 {
    id: ULID!
    appID: UUID!
    app: App!
    functionID: UUID!
    function: Function!
    traceID: String!
    queuedAt: Time!
    startedAt: Time
    endedAt: Time
    status: FunctionRunStatus!
    sourceID: String
    triggerIDs: [ULID!]!
    eventName: String
    isBatch: Boolean!
    batchCreatedAt: Time
    cronSchedule: String
    output: Bytes
    trace(preview: Boolean): RunTraceSpan
    hasAI: Boolean!
    defers: [RunDefer!]!
    "What the run that deferred this one has deferred besides."
    siblingDefers: [RunDefer!]!
    "What this run was deferred by; its run is the one that did so."
    deferredFrom: [RunDefer!]!
    isDeferred: Boolean!
  }

  enum RunDeferStatus {
    SCHEDULED
    ABORTED
    REJECTED
  }

  type RunDefer {
    hashedDeferID: String!
    userlandDeferID: String!
    fnSlug: String!
    status: RunDeferStatus!
    function: Function
    runID: ULID
    run: FunctionRunV2
  }

  type FunctionRunV2Edge {
    node: FunctionRunV2!
    cursor: String!
  }

  type RunsV2Connection {
    edges: [FunctionRunV2Edge!]!
    pageInfo: PageInfo!
    totalCount: Int!
  }

  type ConnectV1WorkerConnection {
    id: ULID!
    gatewayId: String!
    instanceId: String!
    workerIp: String!
    "0: any number."
    maxWorkerConcurrency: Int64!
    appName: String
    appID: UUID
    app: App
    connectedAt: Time!
    lastHeartbeatAt: Time
    disconnectedAt: Time
    disconnectReason: String
    status: ConnectV1ConnectionStatus!
    groupHash: String!
    sdkLang: String!
    sdkVersion: String!
    sdkPlatform: String!
    syncId: UUID
    buildId: String
    appVersion: String
    functionCount: Int!
    cpuCores: Int!
    memBytes: Int64!
    os: String!
  }

  type ConnectV1WorkerConnectionEdge {
    node: ConnectV1WorkerConnection!
    cursor: String!
  }

  type WorkerConnectionsConnection {
    edges: [ConnectV1WorkerConnectionEdge!]!
    pageInfo: PageInfo!
    totalCount: Int!
  }
`;
