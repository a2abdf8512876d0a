/** Taking an app away: nothing new runs, what runs goes on. Spec: wire 4.11; semantics 11.8. */
import type { AppRow } from "@pawl/engine";
import type { Engine } from "../core/engine.ts";

/** Archives an app and its functions. A sync brings them back. */
export async function archiveApp(engine: Engine, app: AppRow): Promise<void> {
  await engine.register(() => {
    const archivedAt = engine.clock.now();
    const functions = engine.registry.functions().filter(({ appId }) => appId === app.id);
    return {
      app: { ...app, archivedAt },
      functions: functions.map((row) => ({ ...row, archivedAt: row.archivedAt ?? archivedAt })),
    };
  });
}
