namespace DeviceAgent.Identity
{
    /// <summary>What a device is to the cloud: its thing name, its certificate and key, and what the cloud has configured for it.</summary>
    public sealed class DeviceIdentity
    {
        /// <summary>The thing name as the cloud gave it; also the client id.</summary>
        public string ThingName;

        /// <summary>The certificate's id: 64 hexadecimal digits.</summary>
        public string CertificateId;

        /// <summary>The id of the certificate that this one was issued in place of; empty where there was none. Its owner can deactivate it.</summary>
        public string ReplacedCertificateId = "";

        /// <summary>The certificate: PEM, ended by a zero byte.</summary>
        public byte[] Certificate;

        /// <summary>Its private key: PEM, ended by a zero byte.</summary>
        public byte[] Key;

        /// <summary>Names and values in turn, of what overrides the settings file: the template's device configuration, and what commands have changed since.</summary>
        public string[] Configuration;

        /// <summary>Names of the device configuration that are not kept: too large, or no text. Empty where all of it is.</summary>
        public string LeftOut = "";

        /// <summary>Whether the cloud has configured the same for another identity.</summary>
        /// <param name="other">The other one.</param>
        public bool IsConfiguredAs(DeviceIdentity other)
        {
            bool isSame = Configuration.Length == other.Configuration.Length && LeftOut == other.LeftOut;
            for (int i = 0; isSame && i < Configuration.Length; i++)
            {
                isSame = Configuration[i] == other.Configuration[i];
            }

            return isSame;
        }

        /// <summary>Sets one name of <see cref="Configuration"/>.</summary>
        /// <param name="name">The setting.</param>
        /// <param name="value">Its value as text.</param>
        public void Configure(string name, string value)
        {
            for (int i = 0; i < Configuration.Length; i += 2)
            {
                if (Configuration[i] == name)
                {
                    Configuration[i + 1] = value;
                    return;
                }
            }

            string[] longer = new string[Configuration.Length + 2];
            Configuration.CopyTo(longer, 0);
            longer[longer.Length - 2] = name;
            longer[longer.Length - 1] = value;
            Configuration = longer;
        }
    }
}
