/**
 * A function: options and handler, registered with a client. Also references to functions of other apps.
 *
 * Source: sdk 4, 28.
 */
import type { Any } from "../json/any.ts";
import type { StandardSchema } from "../event/standard-schema.ts";
import type { AnyFunctionOptions } from "./options.ts";

/** A handler with its types erased: the engine calls all of them the same way. */
export type AnyHandler = (context: Any) => unknown;

/** A durable function. Make it with `client.createFunction`. `Input` is the data of a direct invocation, `Output` what the handler returns. */
export class PawlFunction<Input = Any, Output = Any> {
  /** Id of the client that the function belongs to. */
  readonly appId: string;
  readonly options: AnyFunctionOptions;
  readonly handler: AnyHandler;
  /** Only for types. */
  declare readonly "~types": { readonly input: Input; readonly output: Output };

  constructor(appId: string, options: AnyFunctionOptions, handler: AnyHandler) {
    this.appId = appId;
    this.options = options;
    this.handler = handler;
  }

  /** Id within the app, as given in the options. */
  get id(): string {
    return this.options.id;
  }

  /** For people. Default: the id. */
  get name(): string {
    return this.options.name ?? this.options.id;
  }

  /** `<app>-<function>`: the id by which the server knows the function. */
  get slug(): string {
    return functionSlug(this.appId, this.options.id);
  }
}

/** Slug of a function of an app. */
export function functionSlug(appId: string, functionId: string): string {
  return appId === "" ? functionId : `${appId}-${functionId}`;
}

/** A function of this or another app, without its code. */
export class FunctionReference<Input = Any, Output = Any> {
  readonly functionId: string;
  readonly appId: string | undefined;
  declare readonly "~types": { readonly input: Input; readonly output: Output };

  constructor(functionId: string, appId: string | undefined) {
    this.functionId = functionId;
    this.appId = appId;
  }
}

type ReferenceOptions = {
  /** Id within its app. */
  readonly functionId: string;
  /** Default: the app of the function that invokes. */
  readonly appId?: string;
};

/**
 * Refers to a function by its id, for `step.invoke`. Types come from `typeof fn` (a type-only import keeps its code out of the bundle)
 * or from schemas.
 */
export function referenceFunction<F extends PawlFunction<Any, Any>>(
  options: ReferenceOptions,
): FunctionReference<InputOfFunction<F>, OutputOfFunction<F>>;
export function referenceFunction<Input = Any, Output = Any>(
  options: ReferenceOptions & {
    readonly schemas?: { readonly data?: StandardSchema<Input, Any>; readonly return?: StandardSchema<Any, Output> };
  },
): FunctionReference<Input, Output>;
export function referenceFunction(options: ReferenceOptions): FunctionReference {
  return new FunctionReference(options.functionId, options.appId);
}

/** Data with which a function or reference is invoked. */
export type InputOfFunction<F> = F extends { readonly "~types": { readonly input: infer Input } } ? Input : Any;
/** What a function's handler returns, before it becomes JSON. */
export type OutputOfFunction<F> = F extends { readonly "~types": { readonly output: infer Output } } ? Output : unknown;

/** Any function, for lists of them. */
export type AnyFunction = PawlFunction<Any, Any>;
