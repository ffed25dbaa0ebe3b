namespace LocalCloud;

/// <summary>What makes a certificate a provisioning claim of CreateProvisioningClaim's: for one template, and for minutes.</summary>
/// <param name="TemplateName">The template that it lets devices register with.</param>
/// <param name="ExpiresAt">When it ends.</param>
public sealed record ProvisioningClaim(string TemplateName, DateTimeOffset ExpiresAt)
{
    /// <summary>What it permits: the exchange of fleet provisioning with its template, by any client id.</summary>
    internal Policy PolicyFor(IotArns arns)
    {
        string[] topics = ["$aws/certificates/create/*", "$aws/certificates/create-from-csr/*", $"$aws/provisioning-templates/{TemplateName}/provision/*"];
        return new Policy("provisioning-claim", PolicyDocument.Parse($$"""
            {
              "Version": "2012-10-17",
              "Statement": [
                { "Effect": "Allow", "Action": "iot:Connect", "Resource": "{{arns.Client("*")}}" },
                { "Effect": "Allow", "Action": ["iot:Publish", "iot:Receive"], "Resource": [{{string.Join(", ", topics.Select(topic => $"\"{arns.Topic(topic)}\""))}}] },
                { "Effect": "Allow", "Action": "iot:Subscribe", "Resource": [{{string.Join(", ", topics.Select(topic => $"\"{arns.TopicFilter(topic)}\""))}}] }
              ]
            }
            """));
    }
}
