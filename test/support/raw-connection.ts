export {
  callKinesis,
  kinesisRequest,
  openConnection,
  type RawConnection,
} from "../../src/bench/support/raw-connection.js";
