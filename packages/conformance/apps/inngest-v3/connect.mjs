/** The official client's entry for workers. */
export { connect } from "inngest/connect";
