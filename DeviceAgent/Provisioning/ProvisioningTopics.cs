namespace DeviceAgent.Provisioning
{
    /// <summary>The topics of the Fleet Provisioning MQTT API, JSON payloads.</summary>
    public static class ProvisioningTopics
    {
        /// <summary>Asks for a key and a certificate.</summary>
        public const string CreateKeys = "$aws/certificates/create/json";

        /// <summary>Asks for a certificate for a key of the device's own.</summary>
        public const string CreateFromCsr = "$aws/certificates/create-from-csr/json";

        /// <summary>What follows a request's topic in that of a success.</summary>
        public const string Accepted = "/accepted";

        /// <summary>What follows a request's topic in that of a failure.</summary>
        public const string Rejected = "/rejected";

        /// <summary>Asks to make the certificate's owner a thing.</summary>
        /// <param name="template">The template's name.</param>
        public static string Register(string template) => "$aws/provisioning-templates/" + template + "/provision/json";
    }
}
