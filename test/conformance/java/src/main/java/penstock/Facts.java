package penstock;

import java.net.URI;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;

/** What the programs here share: where the door is, and how they say what holds. */
final class Facts {
  static final Region REGION = Region.US_EAST_1;

  private Facts() {}

  static URI endpoint(String[] arguments) {
    return URI.create(arguments[0]);
  }

  static AwsCredentialsProvider credentials() {
    return StaticCredentialsProvider.create(
        AwsBasicCredentials.create(System.getenv("AWS_ACCESS_KEY_ID"), System.getenv("AWS_SECRET_ACCESS_KEY")));
  }

  static void fact(String text, boolean holds) {
    if (!holds) {
      System.out.println("does not hold: " + text);
      System.exit(1);
    }
    System.out.println("holds: " + text);
  }
}
