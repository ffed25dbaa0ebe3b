using DeviceAgent.Board;
using DeviceAgent.Identity;
using DeviceAgent.Settings;

namespace DeviceAgent.Provisioning
{
    /// <summary>
    /// The certificate that the factory has put onto the board, made by the owner's own CA: with it the cloud registers the device when it first
    /// connects (AWS IoT Core's just-in-time provisioning and registration).
    /// </summary>
    public static class OwnCertificate
    {
        /// <summary>Reads the certificate and its key, and finds out the name of their thing: the one in the settings, else the certificate's common name.</summary>
        /// <param name="storage">The board's storage.</param>
        /// <param name="settings">The settings as the factory has set them.</param>
        /// <param name="identity">Takes all of it; the certificate is the whole file, since the chain to the CA may follow in it.</param>
        /// <returns><see langword="null"/> where it can be used, else why not.</returns>
        public static string Read(IStorage storage, AgentSettings settings, DeviceIdentity identity)
        {
            identity.Certificate = PemFile.Read(storage, PemFile.DeviceCertificate);
            identity.Key = PemFile.Read(storage, PemFile.DeviceKey);
            if (identity.Certificate == null || identity.Key == null)
            {
                return (identity.Certificate == null ? PemFile.DeviceCertificate : PemFile.DeviceKey) + " is missing: flash the certificate that your CA has made for this board, and its key";
            }

            CertificateReader reader = CertificateReader.Read(identity.Certificate);
            if (reader == null)
            {
                return PemFile.DeviceCertificate + " does not begin with a certificate in PEM";
            }

            identity.CertificateId = reader.GetId();
            identity.ThingName = settings.IsNamedByCertificate ? reader.CommonName : settings.ThingName;
            identity.Configuration = new string[0];
            return settings.IsNamedByCertificate ? NameProblem(settings, reader.CommonName) : null;
        }

        /// <summary>What keeps a common name from being the thing's; <see langword="null"/> where nothing does.</summary>
        private static string NameProblem(AgentSettings settings, string name)
        {
            string problem = name == null ? PemFile.DeviceCertificate + " has no common name"
                : !AgentSettings.IsThingName(name) ? "the common name \"" + name + "\" of " + PemFile.DeviceCertificate + " is not 1 to 128 of a-z A-Z 0-9 : _ -"
                : settings.Product == null ? null
                : AgentSettings.TopicProblem(settings.Product, settings.Location, settings.IsPerType ? name + AgentSettings.LongestType : name);
            return problem == null ? null : problem + ": give thingName in " + SettingsReader.FileName + ", or flash another certificate";
        }
    }
}
