import { enliven } from "./picture.js";

enliven(document);
