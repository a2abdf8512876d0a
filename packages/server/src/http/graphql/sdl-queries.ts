/** GraphQL schema, first part: what can be asked and done. Source: wire 12.1. */

export const SDL_QUERIES = /* GraphQL */ `
  scalar Time
  scalar ULID
  scalar UUID
  scalar Bytes
  scalar Map
  scalar Int64
  scalar Uint
  scalar Unknown
  scalar Environment
  scalar SpanMetadataKind
  scalar SpanMetadataScope
  scalar SpanMetadataValues
  scalar HTTPHeaders

  type Query {
    apps(filter: AppsFilterV1): [App!]!
    app(id: UUID!): App
    "What has triggered functions, or could have: events and ticks of schedules, the newest first."
    stream(query: StreamQuery!): [StreamItem!]!
    event(query: EventQuery!): Event
    events(query: EventsQuery!): [Event!]
    eventV2(id: ULID!): EventV2!
    eventsV2(first: Int! = 40, after: String, filter: EventsFilter!): EventsConnection!
    functionBySlug(query: FunctionQuery!): Function
    functions: [Function!]
    functionRun(query: FunctionRunQuery!): FunctionRun
    runs(first: Int! = 100, after: String, orderBy: [RunsV2OrderBy!]!, filter: RunsFilterV2!, preview: Boolean): RunsV2Connection!
    run(runID: String!): FunctionRunV2
    runTrace(runID: String!): RunTraceSpan!
    runTraceSpanOutputByID(outputID: String!): RunTraceSpanOutput!
    runTrigger(runID: String!): RunTraceTrigger!
    "The workers that are connected now, one line for each app of each: of those that left nothing is kept."
    workerConnections(
      first: Int! = 100
      after: String
      orderBy: [ConnectV1WorkerConnectionsOrderBy!]!
      filter: ConnectV1WorkerConnectionsFilter
    ): WorkerConnectionsConnection!
    "Its first app; null once it has left."
    workerConnection(connectionId: ULID!): ConnectV1WorkerConnection
  }

  type Mutation {
    createApp(input: CreateAppInput!): App!
    updateApp(input: UpdateAppInput!): App!
    deleteApp(id: String!): String!
    deleteAppByName(name: String!): Boolean!
    invokeFunction(data: Map, functionSlug: String!, meta: Map, user: Map, debugSessionID: ULID, debugRunID: ULID): Boolean
    cancelRun(runID: ULID!): FunctionRun!
    rerun(runID: ULID!, fromStep: RerunFromStepInput, debugSessionID: ULID, debugRunID: ULID): ULID!
  }

  input AppsFilterV1 {
    method: AppMethod
  }

  input CreateAppInput {
    url: String!
  }

  input UpdateAppInput {
    id: String!
    url: String!
  }

  input StreamQuery {
    "Internal id of an event: what is newer."
    after: ID
    "Internal id of an event: what is older."
    before: ID
    limit: Int! = 20
    includeInternalEvents: Boolean! = false
  }

  input RerunFromStepInput {
    stepID: String!
    input: Bytes
  }

  input EventQuery {
    workspaceId: ID! = "local"
    eventId: ID!
  }

  input EventsQuery {
    workspaceId: ID! = "local"
    lastEventId: ID
  }

  input EventsFilter {
    eventNames: [String!]
    from: Time!
    until: Time
    includeInternalEvents: Boolean! = false
    "An expression over event. A page may be short or empty though there is a next one; go on at endCursor."
    query: String
  }

  input FunctionQuery {
    workspaceId: ID! = "local"
    functionSlug: String!
  }

  input FunctionRunQuery {
    workspaceId: ID! = "local"
    functionRunId: ID!
  }

  input RunsV2OrderBy {
    field: RunsV2OrderByField!
    direction: RunsOrderByDirection!
  }

  input RunsFilterV2 {
    from: Time!
    until: Time
    "The time that from and until are about. Default: the one that the runs are ordered by; another one is refused."
    timeField: RunsV2OrderByField
    status: [FunctionRunStatus!]
    functionIDs: [UUID!]
    appIDs: [UUID!]
    isDeferred: Boolean
    "An expression over event (the run's first one), run, output and error. A page may be short or empty though there is a next one; go on at endCursor."
    query: String
  }

  input ConnectV1WorkerConnectionsOrderBy {
    field: ConnectV1WorkerConnectionsOrderByField!
    direction: ConnectV1WorkerConnectionsOrderByDirection!
  }

  input ConnectV1WorkerConnectionsFilter {
    from: Time
    until: Time
    timeField: ConnectV1WorkerConnectionsOrderByField = CONNECTED_AT
    status: [ConnectV1ConnectionStatus!]
    appIDs: [UUID!]
  }

  enum ConnectV1WorkerConnectionsOrderByField {
    CONNECTED_AT
    LAST_HEARTBEAT_AT
    DISCONNECTED_AT
  }

  enum ConnectV1WorkerConnectionsOrderByDirection {
    ASC
    DESC
  }

  enum ConnectV1ConnectionStatus {
    CONNECTED
    READY
    DRAINING
    DISCONNECTING
    DISCONNECTED
  }

  enum AppMethod {
    SERVE
    CONNECT
    API
  }

  enum RunsV2OrderByField {
    QUEUED_AT
    STARTED_AT
    ENDED_AT
  }

  enum RunsOrderByDirection {
    ASC
    DESC
  }

  enum FunctionRunStatus {
    COMPLETED
    FAILED
    CANCELLED
    RUNNING
    QUEUED
    SKIPPED
  }

  type PageInfo {
    hasNextPage: Boolean!
    hasPreviousPage: Boolean!
    startCursor: String
    endCursor: String
  }
`;
