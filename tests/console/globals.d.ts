// The types of the API's document, by their names there: `Schema<"UserView">`.
import type { components } from "./api";

declare global {
  type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];
}
